/** Version of this code: that of package.json, which a bundle does not have beside it. */
export const VERSION = '0.1.0';
