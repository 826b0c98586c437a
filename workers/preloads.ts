/** Modules that a lane was told to load before its own code, for example those of a monitoring tool. */

const FLAGS = /(^|\s)(-r|--(experimental-)?(require|import|loader))(\s|=|$)/;

/** Whether there may be any. */
export function hasPreloads(): boolean {
  return FLAGS.test([...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' '));
}
