import { type TaskFunction, ThreadWorker } from 'poolifier';
import { add, addPairs, checksum, hang, length, sleep } from './jobs.js';

const functions = { add, addPairs, checksum, hang, length, sleep } as Record<string, TaskFunction>;

const worker: ThreadWorker = new ThreadWorker(functions);

export default worker;
