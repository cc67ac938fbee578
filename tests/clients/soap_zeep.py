"""A partner's client made with zeep: plays a scenario and prints one JSON line per answer.

Usage: soap_zeep.py [SCENARIO.json]   (standard input when there is no argument)

A scenario: {"wsdl": URL, "ca": FILE, "cert": FILE or null, "key": FILE, "calls": [
    {"operation": NAME, "arguments": [[NAME, VALUE], ...], "id": TEXT or null,
     "until": [NAME, ..., VALUE], "raw": TEXT, "save": FILE}, ...]}
The request's id is a fresh one without "id", and is left out when that is null. "until" calls
again, until the answer has that value, as text, at that path. "raw" is sent instead of what zeep
would write. "save" keeps the envelope as received. A line is one of {"operation", "answer"},
{"operation", "fault"}, {"operation", "error"}; "error" is what zeep itself refused to send or could
not read. When there is no connection, the only line is that of the operation "connect".
"""

import datetime
import json
import sys
import uuid

import requests
import zeep
import zeep.exceptions
import zeep.helpers
import zeep.plugins
import zeep.transports
from lxml import etree

COMMON = "{urn:epissure:ws:commun:1}"


class Received(zeep.plugins.Plugin):
    """Keeps the last envelope received."""

    envelope = None

    def ingress(self, envelope, http_headers, operation):
        """What zeep calls with each answer, Faults included."""
        self.envelope = envelope
        return envelope, http_headers


def connect(wsdl, ca, cert, key):
    """A zeep client that shows its certificate, for the WSDL as for the calls."""
    session = requests.Session()
    # Otherwise REQUESTS_CA_BUNDLE would win over the authority given here.
    session.trust_env = False
    session.verify = ca
    session.cert = (cert, key) if cert else None
    transport = zeep.transports.Transport(session=session)
    return zeep.Client(wsdl, transport=transport, plugins=[Received()])


def header(request_id=""):
    """The Entete of a request made now, with a fresh id unless it is given."""
    return {
        "VersionWS": "1.0",
        "HorodatageRequete": datetime.datetime.now(datetime.timezone.utc),
        "IdentifiantRequete": str(uuid.uuid4()) if request_id == "" else request_id,
    }


def fault_fields(fault):
    """What a Fault says, its detail included."""
    found = {"faultcode": fault.code, "faultstring": fault.message}
    if fault.detail is not None:
        for child in fault.detail.iter():
            if isinstance(child.tag, str) and child.tag.startswith(COMMON) and child.text:
                found[child.tag[len(COMMON):]] = child.text
    return found


def send(client, operation, arguments, entete, raw):
    """Sends one message and reads its answer."""
    if raw is None:
        return client.service[operation](Entete=entete, **arguments)
    binding = client.service._binding
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    address = client.service._binding_options["address"]
    response = client.transport.post(address, raw.encode(), headers)
    return binding.process_reply(client, binding.get(operation), response)


def call(client, operation, arguments, entete, raw=None):
    """One call; the line to print."""
    try:
        answer = send(client, operation, arguments, entete, raw)
        return {"operation": operation, "answer": zeep.helpers.serialize_object(answer, dict)}
    except zeep.exceptions.Fault as fault:
        return {"operation": operation, "fault": fault_fields(fault)}
    except (zeep.exceptions.Error, requests.RequestException, TypeError) as error:
        return {"operation": operation, "error": f"{type(error).__name__}: {error}"}


def text(value):
    """Dates as the wire has them; anything else as Python writes it."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def reached(line, until):
    """Whether an answer has the value that ends a wait."""
    found = line.get("answer")
    for name in until[:-1]:
        found = found[name] if found else None
    return str(found) == until[-1]


def play(client, step):
    """One step of the scenario; the line to print."""
    while True:
        entete = header(step.get("id", ""))
        arguments = dict(step.get("arguments", []))
        line = call(client, step["operation"], arguments, entete, step.get("raw"))
        if "until" not in step or "answer" not in line or reached(line, step["until"]):
            break
    if "save" in step:
        received = client.plugins[0].envelope
        with open(step["save"], "wb") as file:
            file.write(etree.tostring(received, xml_declaration=True, encoding="UTF-8"))
    return line


def show(line):
    """Prints one line."""
    print(json.dumps(line, ensure_ascii=False, default=text), flush=True)


def main():
    source = open(sys.argv[1], encoding="utf-8") if len(sys.argv) > 1 else sys.stdin
    with source:
        scenario = json.load(source)
    try:
        client = connect(scenario["wsdl"], scenario["ca"], scenario["cert"], scenario["key"])
    except (requests.RequestException, OSError) as error:
        show({"operation": "connect", "error": f"{type(error).__name__}: {error}"})
        return
    for step in scenario["calls"]:
        show(play(client, step))


if __name__ == "__main__":
    main()
