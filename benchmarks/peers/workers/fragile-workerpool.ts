import { worker } from 'workerpool';
import { crash, hang, processId } from './fragile-jobs.js';

worker({ crash, hang, processId });
