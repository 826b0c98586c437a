import { worker } from 'workerpool';
import { add, addPairs, checksum, hang, length, sleep } from './jobs.js';

worker({ add, addPairs, checksum, hang, length, sleep });
