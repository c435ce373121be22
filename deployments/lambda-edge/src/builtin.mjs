// Modules of Node's own, by require. To import one makes Node read all that it
// exports, and in Node 22 one getter of node:http loads undici by that: 15 to 20 ms
// of CPU in every cold start, for a WebSocket that nobody opens.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const crypto = require('node:crypto');
export const fs = require('node:fs');
export const http = require('node:http');
export const https = require('node:https');
export const v8 = require('node:v8');
