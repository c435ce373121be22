// Built-in modules of Node, loaded with require. An import would make Node read all
// exports, and in Node 22 one getter of node:http then loads undici: 15 to 20 ms of CPU
// in every cold start, for a WebSocket that is never opened.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const crypto = require('node:crypto');
export const fs = require('node:fs');
export const http = require('node:http');
export const https = require('node:https');
export const v8 = require('node:v8');
