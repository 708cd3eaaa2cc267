"""Prescreeners as steps: what each expects of the clutter, and how unusual it finds a sample.

All of them score in standard deviations of the local clutter at the same depth, so that one
threshold means about the same rate of false alarms at every depth and on every ground.
"""
