import { worker } from 'workerpool';
import { crash, hang, processId } from './fragile.js';

worker({ crash, hang, processId });
