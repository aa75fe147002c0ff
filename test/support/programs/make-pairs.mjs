// A worker thread that makes `workerData` pairs and posts their keys.
import { parentPort, workerData } from 'node:worker_threads';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';

const keys = [];
for (let made = 0; made < workerData; made++) {
  const pair = await generateCurvePair();
  keys.push(pair.publicKey, exposeZ85(pair.secretKey));
}
parentPort?.postMessage(keys, []);
