r"""Adaptive explicit Runge–Kutta of order 8(5,3) for autonomous systems $\dot y=f(y)$, with dense output of order 7.

The method of Dormand and Prince as arranged by Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I* (1993),
section II.10. The kernels do everything but evaluate $f$, so that a model's own loop does so without handing functions around:

    rate(y, k[0])
    for s in range(1, STAGES):
        stage(y, h, k, s, z); rate(z, k[s])
    stage(y, h, k, STAGES, z)                       # z: the solution at t + h
    rate(z, k[STAGES])                              # first stage of the next step
    error = error_norm(y, z, h, k, rtol, atol)      # accept the step if error <= 1, then h *= step_factor(error)
    for s in range(STAGES + 1, DENSE_STAGES):       # only where values inside the step are wanted
        stage(y, h, k, s, w); rate(w, k[s])
    dense_coefficients(y, z, h, k, F)
    interpolate(y, F, theta, w)                     # w: the solution at t + theta h

`y`, `z`, `w` have shape (n,), the rates `k` have shape (DENSE_STAGES, n), `F` has shape (7, n).
"""

import math

import numpy as np
from numba import njit

STAGES = 12
DENSE_STAGES = 16


def _table(*rows: dict[int, float]) -> np.ndarray:
    """Rows of coefficients {column: value} as a matrix with DENSE_STAGES columns."""
    table = np.zeros((len(rows), DENSE_STAGES))
    for row, entries in zip(table, rows, strict=True):
        row[list(entries)] = list(entries.values())
    return table


# Row s weighs the rates that lead to stage s; row 12 gives the solution, rows 13 to 15 serve the dense output.
# fmt: off
A = _table(
    {},
    {0: 0.05260015195876773},
    {0: 0.0197250569845379, 1: 0.0591751709536137},
    {0: 0.02958758547680685, 2: 0.08876275643042054},
    {0: 0.2413651341592667, 2: -0.8845494793282861, 3: 0.924834003261792},
    {0: 0.037037037037037035, 3: 0.17082860872947386, 4: 0.12546768756682242},
    {0: 0.037109375, 3: 0.17025221101954405, 4: 0.06021653898045596, 5: -0.017578125},
    {0: 0.03709200011850479, 3: 0.17038392571223998, 4: 0.10726203044637328, 5: -0.015319437748624402, 6: 0.008273789163814023},
    {0: 0.6241109587160757, 3: -3.3608926294469414, 4: -0.868219346841726, 5: 27.59209969944671, 6: 20.154067550477894,
     7: -43.48988418106996},
    {0: 0.47766253643826434, 3: -2.4881146199716677, 4: -0.590290826836843, 5: 21.230051448181193, 6: 15.279233632882423,
     7: -33.28821096898486, 8: -0.020331201708508627},
    {0: -0.9371424300859873, 3: 5.186372428844064, 4: 1.0914373489967295, 5: -8.149787010746927, 6: -18.52006565999696,
     7: 22.739487099350505, 8: 2.4936055526796523, 9: -3.0467644718982196},
    {0: 2.273310147516538, 3: -10.53449546673725, 4: -2.0008720582248625, 5: -17.9589318631188, 6: 27.94888452941996,
     7: -2.8589982771350235, 8: -8.87285693353063, 9: 12.360567175794303, 10: 0.6433927460157636},
    {0: 0.054293734116568765, 5: 4.450312892752409, 6: 1.8915178993145003, 7: -5.801203960010585, 8: 0.3111643669578199,
     9: -0.1521609496625161, 10: 0.20136540080403034, 11: 0.04471061572777259},
    {0: 0.056167502283047954, 6: 0.25350021021662483, 7: -0.2462390374708025, 8: -0.12419142326381637, 9: 0.15329179827876568,
     10: 0.00820105229563469, 11: 0.007567897660545699, 12: -0.008298},
    {0: 0.03183464816350214, 5: 0.028300909672366776, 6: 0.053541988307438566, 7: -0.05492374857139099, 10: -0.00010834732869724932,
     11: 0.0003825710908356584, 12: -0.00034046500868740456, 13: 0.1413124436746325},
    {0: -0.42889630158379194, 5: -4.697621415361164, 6: 7.683421196062599, 7: 4.06898981839711, 8: 0.3567271874552811,
     12: -0.0013990241651590145, 13: 2.9475147891527724, 14: -9.15095847217987},
)

ERROR = _table(  # differences from the embedded solutions of order 3 and 5
    {0: -0.18980075407240762, 5: 4.450312892752409, 6: 1.8915178993145003, 7: -5.801203960010585, 8: -0.4226823213237919,
     9: -0.1521609496625161, 10: 0.20136540080403034, 11: 0.02265179219836082},
    {0: 0.01312004499419488, 5: -1.2251564463762044, 6: -0.4957589496572502, 7: 1.6643771824549864, 8: -0.35032884874997366,
     9: 0.3341791187130175, 10: 0.08192320648511571, 11: -0.022355307863886294},
)

DENSE = _table(
    {0: -8.428938276109013, 5: 0.5667149535193777, 6: -3.0689499459498917, 7: 2.38466765651207, 8: 2.117034582445028,
     9: -0.871391583777973, 10: 2.2404374302607883, 11: 0.6315787787694688, 12: -0.08899033645133331, 13: 18.148505520854727,
     14: -9.194632392478356, 15: -4.436036387594894},
    {0: 10.427508642579134, 5: 242.28349177525817, 6: 165.20045171727028, 7: -374.5467547226902, 8: -22.113666853125306,
     9: 7.733432668472264, 10: -30.674084731089398, 11: -9.332130526430229, 12: 15.697238121770845, 13: -31.139403219565178,
     14: -9.35292435884448, 15: 35.81684148639408},
    {0: 19.985053242002433, 5: -387.0373087493518, 6: -189.17813819516758, 7: 527.8081592054236, 8: -11.57390253995963,
     9: 6.8812326946963, 10: -1.0006050966910838, 11: 0.7777137798053443, 12: -2.778205752353508, 13: -60.19669523126412,
     14: 84.32040550667716, 15: 11.99229113618279},
    {0: -25.69393346270375, 5: -154.18974869023643, 6: -231.5293791760455, 7: 357.6391179106141, 8: 93.40532418362432,
     9: -37.45832313645163, 10: 104.0996495089623, 11: 29.8402934266605, 12: -43.53345659001114, 13: 96.32455395918828,
     14: -39.17726167561544, 15: -149.72683625798564},
)
# fmt: on


@njit(cache=True, nogil=True)
def stage(y, h, k, s, out):
    """Argument of stage s: out = y + h sum_{j<s} A[s, j] k[j]."""
    for i in range(y.size):
        out[i] = y[i]
    for j in range(s):
        weight = h * A[s, j]
        if weight != 0.0:
            for i in range(y.size):
                out[i] += weight * k[j, i]


@njit(cache=True, nogil=True)
def error_norm(y, z, h, k, rtol, atol):
    """Estimated local error of the step y -> z over atol + rtol max(|y|, |z|), root mean square (Hairer et al., eq. II.10.17).

    NaN where the step, or the end it reaches, left the domain of the rates: such a step is to be rejected.
    """
    third = fifth = 0.0
    for i in range(y.size):
        scale = atol + rtol * max(abs(y[i]), abs(z[i]))
        error3 = error5 = 0.0 * k[STAGES, i]
        for j in range(STAGES):
            error3 += ERROR[0, j] * k[j, i]
            error5 += ERROR[1, j] * k[j, i]
        third += (error3 / scale) ** 2
        fifth += (error5 / scale) ** 2
    if fifth == 0.0 and third == 0.0:
        return 0.0
    return abs(h) * fifth / math.sqrt((fifth + 0.01 * third) * y.size)


@njit(cache=True, nogil=True)
def step_factor(error):
    """What the step is multiplied by: 0.9 error^(-1/8) between 1/3 and 6; 1/10 for a NaN."""
    if math.isnan(error):
        return 0.1
    return min(6.0, max(1.0 / 3.0, 0.9 * max(error, 1e-12) ** -0.125))


@njit(cache=True, nogil=True)
def first_step(y, f, rtol, atol):
    """A cautious first step: 1/100 of the time in which the rates f would change y by as much as its scale."""
    size = speed = 0.0
    for i in range(y.size):
        scale = atol + rtol * abs(y[i])
        size += (y[i] / scale) ** 2
        speed += (f[i] / scale) ** 2
    return 0.01 * math.sqrt(size / speed) if size > 0.0 and speed > 0.0 else 1e-6


@njit(cache=True, nogil=True)
def dense_coefficients(y, z, h, k, F):
    """Coefficients F of the polynomial of degree 7 through the step y -> z, given all DENSE_STAGES rates."""
    for i in range(y.size):
        F[0, i] = z[i] - y[i]
        F[1, i] = h * k[0, i] - F[0, i]
        F[2, i] = 2.0 * F[0, i] - h * (k[0, i] + k[STAGES, i])
        for m in range(4):
            total = 0.0
            for j in range(DENSE_STAGES):
                total += DENSE[m, j] * k[j, i]
            F[3 + m, i] = h * total


@njit(cache=True, nogil=True)
def interpolate(y, F, theta, out):
    """The solution at the fraction theta of the step that starts from y: y + θ(F0 + (1-θ)(F1 + θ(F2 + (1-θ)(F3 + ...))))."""
    for i in range(y.size):
        value = 0.0
        for m in range(6, -1, -1):
            value = (value + F[m, i]) * (theta if m % 2 == 0 else 1.0 - theta)
        out[i] = y[i] + value
