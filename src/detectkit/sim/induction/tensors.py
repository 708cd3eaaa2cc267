"""Magnetic polarisability of metal parts: the moment that a field makes in them, in m³.

A body of revolution has two curves, along its axis and across it. Each is

    M(ω) = V (q - 1) / (1 + N (q - 1)),      q = μ_r f(x),

V its volume, N its demagnetising factor, f the flux factor of the closest body that has one in
closed form (`detectkit.sim.induction.flux`). At low frequency this is Osborn's permeable spheroid,
at high frequency the perfectly conducting one, and it is exact in between for

- a sphere and a hollow sphere,
- a long rod, along and across,
- the first order in frequency of every part along its axis, if it is not magnetic
  (``M → -jωμ₀σ/4 ∫ρ² dV``), and of a long rod and a wide disc across it.

A ring along its axis is one loop of wire, ``-jωμ₀A² / (R + jωL)``. What lies between is an
interpolation; short rods, discs and magnetic parts of any shape but the sphere's are good to a
fraction of their value, as `docs/explanation/simulated-detector.md` measures.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.sim.bodies.body import MetalPart
from detectkit.sim.induction import flux
from detectkit.sim.induction.flux import MU_0
from detectkit.sim.induction.spheroids import axial_demagnetising_factor

Complex = npt.NDArray[np.complex128]
Values = npt.NDArray[np.float64]


def sphere_response(
    radius_m: float, conductivity_s_per_m: float, permeability: float, frequency_hz: float
) -> complex:
    """Return the moment of a sphere over 4π a³ H: ``(q - 1) / (q + 2)``.

    It goes from (μ_r - 1) / (μ_r + 2) at low frequency to -1/2 at high (Wait 1951, Geophysics 16,
    666; Grant & West, Interpretation Theory in Applied Geophysics, 1965, ch. 17).

    Examples
    --------
    >>> round(sphere_response(0.004, 5e6, 150.0, 1e-3).real, 3)
    0.98
    >>> round(sphere_response(0.1, 3.5e7, 1.0, 1e6).real, 2)
    -0.5
    """
    k = flux.wave_number(frequency_hz, conductivity_s_per_m, permeability)
    q = permeability * complex(flux.in_sphere(radius_m * k))
    return (q - 1.0) / (q + 2.0)


def polarisability(part: MetalPart, frequency_hz: npt.ArrayLike) -> tuple[Complex, Complex]:
    """Return the moment per applied field in m³, along the part's axis and across it.

    Parameters
    ----------
    part
        A shell is a can closed at both ends; one without a length is a hollow sphere.
    frequency_hz
        One or many, 0 too, shape (frequencies,).

    Returns
    -------
        Two arrays, complex128 (frequencies,), for fields that go as ``exp(jωt)``: the real part
        is in phase with the field, eddy currents make the imaginary part negative.

    Raises
    ------
    UsageError
        A rod or disc without a length, a ring or shell without a wall.

    Examples
    --------
    >>> ball = MetalPart("sphere", 0.004, 5e6, 150.0, 0.0)
    >>> along, across = polarisability(ball, [0.0])
    >>> bool(along[0] == across[0]), round(1e9 * float(along[0].real), 1)
    (True, 788.4)
    """
    _require_sizes(part)
    frequency = np.atleast_1d(np.asarray(frequency_hz, np.float64))
    return _CURVES[part.shape](part, frequency)


def tensors(part: MetalPart, axis: Values, frequency_hz: npt.ArrayLike) -> Complex:
    """Return the tensor of a part whose axis (3,) points anywhere, (frequencies, 3, 3) in m³.

    ``M_across 1 + (M_along - M_across) n nᵀ``, which is ``R M Rᵀ`` for a body of revolution.
    """
    along, across = polarisability(part, frequency_hz)
    unit = np.asarray(axis, np.float64) / math.sqrt(float(np.sum(np.square(axis))))
    more = (along - across)[:, np.newaxis, np.newaxis]
    return across[:, np.newaxis, np.newaxis] * np.eye(3) + more * np.outer(unit, unit)


def ring_circuit(part: MetalPart) -> tuple[float, float]:
    """Return resistance in Ω and inductance in H of a ring of rectangular section.

    ``L = μ₀ a (ln(8a / (w + h)) - 1/2)`` (Grover, Inductance Calculations, 1946); the current
    fills the section, so L and R do not change with frequency.
    """
    middle = part.radius_m - 0.5 * part.wall_m
    resistance = 2.0 * math.pi * middle / (part.conductivity_s_per_m * part.wall_m * part.length_m)
    slender = max(8.0 * middle / (part.wall_m + part.length_m), math.e)
    return resistance, MU_0 * middle * (math.log(slender) - 0.5)


def _moment(volume_m3: float, factor: float, q: Complex) -> Complex:
    return np.asarray(volume_m3 * (q - 1.0) / (1.0 + factor * (q - 1.0)))


def _sphere(part: MetalPart, frequency: Values) -> tuple[Complex, Complex]:
    k = flux.wave_number(frequency, part.conductivity_s_per_m, part.permeability)
    q = part.permeability * flux.in_sphere(part.radius_m * k)
    moment = _moment(4.0 / 3.0 * math.pi * part.radius_m**3, 1.0 / 3.0, q)
    return moment, moment


def _rod(part: MetalPart, frequency: Values) -> tuple[Complex, Complex]:
    k = flux.wave_number(frequency, part.conductivity_s_per_m, part.permeability)
    along = flux.along_cylinder(part.radius_m * k)
    return _cylinder(part, along, flux.across_cylinder(2.0 * _first_size_m(part) * k))


def _disc(part: MetalPart, frequency: Values) -> tuple[Complex, Complex]:
    k = flux.wave_number(frequency, part.conductivity_s_per_m, part.permeability)
    along = flux.along_disc(k, part.radius_m, part.length_m)
    return _cylinder(part, along, flux.along_plate(math.sqrt(3.0) * _first_size_m(part) * k))


def _cylinder(part: MetalPart, along: Complex, across: Complex) -> tuple[Complex, Complex]:
    """Return both curves from what gets through."""
    radius, length = part.radius_m, part.length_m
    volume = math.pi * radius**2 * length
    factor = axial_demagnetising_factor(_half_length_m(radius, length), radius)
    return (
        _moment(volume, factor, part.permeability * along),
        _moment(volume, 0.5 * (1.0 - factor), part.permeability * across),
    )


def _first_size_m(part: MetalPart) -> float:
    """Return b of the first eddies across a cylinder, ``f = 1 - (b k)²``.

    ``a²/4`` of a long rod and ``L²/12`` of a wide disc, joined as those of a spheroid are.
    """
    return 1.0 / math.sqrt(12.0 / part.length_m**2 + 4.0 / part.radius_m**2)


def _half_length_m(radius_m: float, length_m: float) -> float:
    """Return the half axis of the spheroid that stands for a cylinder.

    A thin disc takes that of equal volume, which makes its limit ``-8a³/3`` exact, a long rod that
    of equal length; between, the exponential meets cylinders computed ring by ring within 5 %.
    """
    slender = length_m / (2.0 * radius_m)
    return 0.5 * length_m * (1.0 + 0.5 * math.exp(-2.2 * math.sqrt(slender)))


def _ring(part: MetalPart, frequency: Values) -> tuple[Complex, Complex]:
    middle = part.radius_m - 0.5 * part.wall_m
    wall, height = part.wall_m, part.length_m
    volume = 2.0 * math.pi * middle * wall * height
    omega = 2.0 * np.pi * frequency
    resistance, inductance = ring_circuit(part)
    area = math.pi * middle**2
    loop = -1j * omega * MU_0 * area**2 / (resistance + 1j * omega * inductance)
    susceptibility = part.permeability - 1.0
    lossless = volume * susceptibility / (1.0 + susceptibility * wall / (wall + height))
    k = flux.wave_number(frequency, part.conductivity_s_per_m, part.permeability)
    q = part.permeability * flux.along_plate(0.5 * wall * k)
    radial = _moment(volume, height / (wall + height), q)
    around = _moment(volume, wall * height / (2.0 * middle * (middle + height)), q)
    return np.asarray(loop + lossless), 0.5 * (radial + around)


def _shell(part: MetalPart, frequency: Values) -> tuple[Complex, Complex]:
    k = flux.wave_number(frequency, part.conductivity_s_per_m, part.permeability)
    radius, length, wall = part.radius_m, part.length_m, part.wall_m
    if length == 0.0:
        q = flux.through_shell(k, radius, wall, part.permeability)
        moment = _moment(4.0 / 3.0 * math.pi * radius**3, 1.0 / 3.0, q)
        return moment, moment
    volume = math.pi * radius**2 * length
    factor = axial_demagnetising_factor(_half_length_m(radius, length), radius)
    # Spheres whose wall carries the same first eddies as sides and lids of the can do.
    sizes = radius + 0.5 * radius**2 / length, 2.0 * radius * length / (2.0 * radius + length)
    along, across = (flux.through_shell(k, one, wall, part.permeability) for one in sizes)
    return _moment(volume, factor, along), _moment(volume, 0.5 * (1.0 - factor), across)


def _require_sizes(part: MetalPart) -> None:
    needs = {"rod": ("length_m",), "disc": ("length_m",), "shell": ("wall_m",)}
    wanted = ("radius_m", *needs.get(part.shape, ()))
    if part.shape == "ring":
        wanted = ("radius_m", "length_m", "wall_m")
    for name in wanted:
        if not getattr(part, name) > 0.0:
            msg = f"metal part: a {part.shape} has {name} = {getattr(part, name)}; give above 0 m"
            raise UsageError(msg)
    if part.shape in {"ring", "shell"} and part.wall_m > part.radius_m:
        msg = f"metal part: wall_m = {part.wall_m} of a {part.shape} is above its radius_m"
        raise UsageError(msg)


_CURVES = {"sphere": _sphere, "rod": _rod, "disc": _disc, "ring": _ring, "shell": _shell}
