export { Notifier, type NotifierOptions } from './notifier.js';
