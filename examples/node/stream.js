'use strict';
// Text in as it is written, speech out as it is made: SynthesizeStream from Node.
//
//   npm install
//   node stream.js --out canoe.wav --text "The birch canoe slid on the smooth planks."
//
// Options: --address 127.0.0.1:50051, --voice NAME, --text TEXT, --out FILE.

const fs = require('fs');
const path = require('path');
const {parseArgs} = require('util');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const PROTO = path.join(__dirname, '..', '..', 'proto');
const {values: options} = parseArgs({
  options: {
    address: {type: 'string', default: '127.0.0.1:50051'},
    voice: {type: 'string', default: ''},
    text: {type: 'string', default: 'The birch canoe slid on the smooth planks.'},
    out: {type: 'string', default: 'speech.wav'},
  },
});

const definition = protoLoader.loadSync('qwentts/v1/tts.proto', {
  includeDirs: [PROTO],
  enums: String,
  longs: Number,
  oneofs: true,
});
const {TextToSpeech} = grpc.loadPackageDefinition(definition).qwentts.v1;

/** A RIFF header for `bytes` of 16-bit mono samples. */
function wavHeader(bytes, rate) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}

const client = new TextToSpeech(options.address, grpc.credentials.createInsecure());
const call = client.synthesizeStream();
const pieces = [];
let rate = 24000;

call.on('data', (answer) => {
  switch (answer.message) {
    case 'started':
      rate = answer.started.config.audio.sampleRateHz;
      break;
    case 'audio':
      pieces.push(answer.audio.data);
      break;
    case 'segmentEnd':
      // Anything but COMPLETE means that not all of the text was spoken.
      if (answer.segmentEnd.reason !== 'FINISH_REASON_COMPLETE') console.error(answer.segmentEnd.reason);
      break;
    case 'finished':
      console.error(`${Math.round(answer.finished.usage.audioMs)} ms of speech`);
      break;
  }
});
call.on('error', (error) => {
  const wait = error.metadata && error.metadata.get('grpc-retry-pushback-ms')[0];
  console.error(`${grpc.status[error.code]}: ${error.details}${wait ? ` (try again in ${wait} ms)` : ''}`);
  process.exitCode = 1;
  client.close();
});
call.on('end', () => {
  const pcm = Buffer.concat(pieces);
  if (pcm.length > 0) fs.writeFileSync(options.out, Buffer.concat([wavHeader(pcm.length, rate), pcm]));
  client.close();
});

call.write({config: {voice: options.voice, seed: 7, audio: {format: 'AUDIO_FORMAT_PCM_S16'}}});
for (const word of options.text.match(/\s*\S+/g) || []) call.write({text: word});
call.end();
