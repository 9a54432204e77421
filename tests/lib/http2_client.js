// Calls over one HTTP/2 session: node http2_client.js ORIGIN, then one JSON object a line on stdin:
// {"method", "path", "headers", "body"}. All are sent at once. Prints one line for each: its status, what of the headers
// is worth knowing, and the body's start; and how the session ended.
'use strict';
const http2 = require('http2');
const calls = require('fs').readFileSync(0, 'utf8').trim().split('\n').map(line => JSON.parse(line));
const session = http2.connect(process.argv[2]);
session.on('error', error => console.log(`session: ${error.message}`));

function run(call) {
  return new Promise(done => {
    const stream = session.request(
        {':method': call.method || 'GET', ':path': call.path, ...call.headers}, {endStream: call.body === undefined});
    let status = 0, text = '', size = 0, extra = '';
    stream.on('headers', headers => { extra += ` interim=${headers[':status']}`; });
    stream.on('response', headers => {
      status = headers[':status'];
      for (const name of ['grpc-status', 'grpc-message', 'alt-svc', 'x-nemoclaw-decision'])
        if (headers[name] !== undefined) extra += ` ${name}=${headers[name]}`;
    });
    stream.on('trailers', trailers => { extra += ` trailer=${trailers['x-checksum']}`; });
    stream.on('data', piece => { size += piece.length; if (text.length < 400) text += piece; });
    stream.on('error', error => { extra += ` error=${error.code}`; });
    stream.on('close', () => {
      console.log(`${call.path} ${status} ${size}${extra} rst=${stream.rstCode} ${JSON.stringify(text.slice(0, 400))}`);
      done();
    });
    if (call.body !== undefined) stream.end('x'.repeat(call.body));
  });
}

Promise.all(calls.map(run)).then(() => session.close(() => console.log('session closed')));
