import { ThreadWorker } from 'poolifier';
import { add } from './add.js';

type Pair = readonly [number, number];

const worker: ThreadWorker<Pair, number> = new ThreadWorker<Pair, number>((pair) => {
  const [a, b] = pair as Pair;
  return add(a, b);
});

export default worker;
