// DynamoDB's engine in a process of its own: dynalite throws what it does not expect, which must not end the cloud.
import dynalite from 'dynalite'

const [path = '', socket = ''] = process.argv.slice(2)

process.on('disconnect', () => process.exit())

const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
server.keepAliveTimeout = 0
server.listen(socket, () => process.send?.('ready'))
