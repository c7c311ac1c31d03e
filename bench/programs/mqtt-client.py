"""Opens one MQTT connection after the other, four at once, for so many seconds, and prints how many got their CONNACK.

In Python because its ssl module is little more than OpenSSL itself: Node's client costs more than the server that is measured.
"""

import json
import socket
import ssl
import sys
import threading
import time

PORT, CA_FILE, CERTIFICATE_FILE, KEY_FILE, SECONDS = int(sys.argv[1]), *sys.argv[2:5], float(sys.argv[5])
THREADS = 4

context = ssl.create_default_context(cafile=CA_FILE)
context.load_cert_chain(CERTIFICATE_FILE, KEY_FILE)
counts = [0] * THREADS


def connect_until(end, thread):
    while time.monotonic() < end:
        client_id = f"bench-{thread}-{counts[thread]}".encode()
        # MQTT 3.1.1, clean session, keep alive of a minute.
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(client_id).to_bytes(2, "big") + client_id
        connection = socket.create_connection(("127.0.0.1", PORT))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(connection, server_hostname="localhost") as secured:
            secured.sendall(b"\x10" + bytes([len(body)]) + body)
            answer = secured.recv(4)
            if answer != b"\x20\x02\x00\x00":
                raise SystemExit(f"no CONNACK: {answer!r}")
        counts[thread] += 1


begin = time.monotonic()
threads = [threading.Thread(target=connect_until, args=(begin + SECONDS, thread)) for thread in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"count": sum(counts), "seconds": time.monotonic() - begin}))
