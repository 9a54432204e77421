// An origin that speaks HTTP/2 and HTTP/1.1 over TLS: node http2_origin.js DIRECTORY ADDRESS PORT PORT. Every request is a
// line in DIRECTORY/origin.log; DIRECTORY/http2.ready appears when it listens on both.
'use strict';
const fs = require('fs');
const http2 = require('http2');
const [directory, address, ...ports] = process.argv.slice(2);
const note = text => fs.appendFileSync(`${directory}/origin.log`, text + '\n');

const options = {
  key: fs.readFileSync(`${directory}/origin.key`),
  cert: fs.readFileSync(`${directory}/origin.pem`),
  allowHTTP1: true,
};

function answer(request, response) {
  const path = request.url;
  const kind = request.httpVersion === '2.0' ? 'h2' : 'h1';
  let size = 0;
  if (path === '/echo') {
    note(`${kind} start ${path}`);
    response.writeHead(200, {'content-type': 'application/octet-stream'});
    request.pipe(response);
    return;
  }
  request.on('data', piece => { size += piece.length; });
  request.on('aborted', () => note(`${kind} aborted ${path}`));
  request.on('end', () => {
    if (request.aborted) return;  // what is cut ends, too
    note(`${kind} ${request.method} ${request.authority || request.headers.host} ${path} ${size}`);
    if (path.startsWith('/bytes/')) return response.end(Buffer.alloc(Number(path.slice(7)), 'x'));
    if (path === '/trailers') {
      response.setHeader('alt-svc', 'h3=":443"');
      response.setTrailer('x-checksum', 'seven');
      return response.end('with a trailer\n');
    }
    if (path === '/hints') response.writeEarlyHints({link: '</style.css>; rel=preload'});
    if (path === '/reset') return response.stream.close(http2.constants.NGHTTP2_CANCEL);
    if (path === '/leave') {
      response.stream.session.goaway();
      return response.end('leaving\n');
    }
    response.end(`origin says hello to ${request.method} ${path} in ${kind}\n`);
  });
}

let waiting = ports.length;
for (const port of ports)
  http2.createSecureServer(options, answer).listen(Number(port), address, () => {
    if (--waiting === 0) fs.writeFileSync(`${directory}/http2.ready`, '');
  });
