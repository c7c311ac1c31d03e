// As the gateway gets it: an ESM import of node:http costs 80 ms.
const { createServer } = process.getBuiltinModule('node:http')

/** An HTTP server that reads everything, keeps nothing and answers 200: what S3 could be if it checked and stored nothing. */
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => response.end())
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.once('disconnect', () => {
  server.close()
  server.closeAllConnections()
})
