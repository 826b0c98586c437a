import { worker } from 'workerpool';
import sleep from './sleep.js';

worker({ sleep });
