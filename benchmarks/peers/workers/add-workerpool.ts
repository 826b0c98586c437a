import { worker } from 'workerpool';
import { add } from './add.js';

worker({ add });
