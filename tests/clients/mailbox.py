"""A mail server for tests: prints its port, then every message that it takes, a line of JSON each.

It asks for a password where AIVIEWS_TEST_MAIL_PASSWORD is set, and encrypts where AIVIEWS_TEST_MAIL_CERTIFICATE names a
certificate with its key. Recipients decide how it behaves: refused@ is unknown, later@ must wait, silent@ gets no
answer to the message, slow@ gets none to anything.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

PASSWORD = os.environ.get("AIVIEWS_TEST_MAIL_PASSWORD")
CERTIFICATE = os.environ.get("AIVIEWS_TEST_MAIL_CERTIFICATE")


def is_known(server, session, envelope, mechanism, data):
    # `handled` would say that the refusal has been written already, and nobody would write it.
    return AuthResult(success=data.password.decode() == PASSWORD, handled=False, auth_data=data)


def part(one):
    content = one.get_content()
    text = content if isinstance(content, str) else content.hex()
    return {"type": one.get_content_type(), "id": one["Content-ID"], "content": text}


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.3.0 try again later"
        if address.startswith("slow@"):
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        print(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "subject": str(message["Subject"]),
                    "message_id": message["Message-ID"],
                    "headers": message.keys(),
                    "shape": [one.get_content_type() for one in message.walk()],
                    "parts": [part(one) for one in message.walk() if not one.is_multipart()],
                    "is_encrypted": session.ssl is not None,
                    "user": session.auth_data.login.decode() if session.auth_data else None,
                }
            ),
            flush=True,
        )
        if any(address.startswith("silent@") for address in envelope.rcpt_tos):
            server.transport.abort()
        return "250 OK"


def make():
    context = None
    if CERTIFICATE:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    return SMTP(
        Mailbox(),
        tls_context=context,
        authenticator=is_known if PASSWORD else None,
        auth_required=bool(PASSWORD),
        auth_require_tls=bool(CERTIFICATE),
    )


async def serve():
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
