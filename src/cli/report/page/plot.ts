/** A plot, as the page gets it. */
export interface Plot {
  /** The id of the element that it is drawn in. */
  readonly id: string;
  readonly x: {
    readonly label: string;
    readonly values: readonly number[];
    /** `count`: whole numbers; `nines`: 1 is 90 %, 2 is 99 %. */
    readonly scale: 'linear' | 'count' | 'nines';
  };
  readonly y: { readonly label: string; readonly scale: 'linear' | 'log' };
  readonly series: readonly PlotSeries[];
}

export interface PlotSeries {
  readonly label: string;
  /** One for each value of x; null where there is none. */
  readonly values: readonly (number | null)[];
  /** Number of a colour of the page. */
  readonly colour: number;
  /** `high` and `low` are the edges of a band, in this order. */
  readonly kind: 'line' | 'points' | 'high' | 'low';
}
