/** RTP: from packets to pictures and sound. Packets are read where they lie; a payload is copied once. */
export { Origin } from './origin.ts';
export { type Assembler, Receiver } from './receiver.ts';
export { ReorderBuffer } from './reorder.ts';
export { type AacLayout, SoundStream } from './sound-stream.ts';
export { VideoStream } from './video-stream.ts';
