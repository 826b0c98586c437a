/** The normal distribution, and Student's. */

/** The share of a standard normal distribution below a value; exact to 1e-7 (Abramowitz and Stegun 7.1.26). */
export function normalBelow(value: number): number {
  const x = Math.abs(value) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const beyond = (series * Math.exp(-x * x)) / 2;
  return value > 0 ? 1 - beyond : beyond;
}

/** The value above which 2.5 % of Student's distribution lie, for 1, 2, … degrees of freedom. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086,
];

/** The value above which 2.5 % of Student's distribution lie. @param freedom - degrees of freedom, from 1. */
export function student(freedom: number): number {
  return STUDENT[freedom - 1] ?? 1.96 + 2.46 / freedom;
}
