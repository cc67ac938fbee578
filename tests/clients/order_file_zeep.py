"""Sends the orders of a CMD_ACCES file one by one with zeep, waits for their CR, prints verdicts.

Usage: order_file_zeep.py --wsdl URL --ca FILE --cert FILE --key FILE ORDERS.csv

The file is `;` separated, UTF-8, with a header of trade names. Prints a CSV, one line per order in
the order of the file. The request id is made from the file's name and the line's number: sending
the same file again gets the same answers and orders nothing twice.
"""

import argparse
import csv
import os
import sys
import uuid

from soap_zeep import call, connect, header

COLUMNS = [
    "ReferenceCommandePriseInterneOC", "EtatAr", "MotifAr", "CommentaireAr",
    "EtatCr", "MotifCr", "ReferencePrestationPrise", "ReferencePBO", "Etat",
]
# States in which the platform has the next move, and makes it by itself.
MOVING = ("DEPOSEE", "AR_OK", "CR_OK", "RACCO_OK")


def answer(client, operation, fields, request_id=""):
    """The answer of a call; a Fault or an error ends the run."""
    line = call(client, operation, fields, header(request_id))
    if "answer" not in line:
        sys.exit(f"{operation}: {line}")
    return line["answer"]


def place(client, name, number, order):
    """Sends one line; its verdict so far."""
    request_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}#{number}"))
    fields = {column: value for column, value in order.items() if column and value}
    got = answer(client, "deposerCommande", fields, request_id)
    return {
        "ReferenceCommandePriseInterneOC": order["ReferenceCommandePriseInterneOC"],
        # An order that was not taken at all has a return code and a motive, and no AR.
        "EtatAr": got["EtatArCommandePrise"] or ("OK" if got["CodeRetour"] == 0 else "KO"),
        "MotifAr": got["MotifKoArCommandePrise"] or got["Motif"],
        "CommentaireAr": got["Commentaire"] or got["Champ"],
    }


def consult(client, verdict):
    """Adds the CR and the state to the verdict; False while there is more to come by itself."""
    reference = {"ReferenceCommandePriseInterneOC": verdict["ReferenceCommandePriseInterneOC"]}
    got = answer(client, "consulterCommande", reference)
    order = got["Commande"]
    if order is None:
        sys.exit(f"{reference}: {got['CodeRetour']} {got['LibelleRetour']}")
    report = order["CrCommande"]
    if report is None or order["Etat"] in MOVING:
        return False
    verdict["EtatCr"] = report["EtatCrCommandePrise"]
    verdict["MotifCr"] = report["MotifKoCrCommandePrise"]
    verdict["ReferencePrestationPrise"] = order["ReferencePrestationPrise"]
    verdict["ReferencePBO"] = report["ReferencePBO"]
    verdict["Etat"] = order["Etat"]
    return True


def main():
    parser = argparse.ArgumentParser(description="Send a CMD_ACCES file order by order.")
    for option in ("wsdl", "ca", "cert", "key"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("file")
    given = parser.parse_args()
    client = connect(given.wsdl, given.ca, given.cert, given.key)
    with open(given.file, encoding="utf-8-sig", newline="") as lines:
        orders = list(csv.DictReader(lines, delimiter=";"))
    name = os.path.basename(given.file)
    verdicts = [place(client, name, number, order) for number, order in enumerate(orders, 1)]
    waiting = [verdict for verdict in verdicts if verdict["EtatAr"] == "OK"]
    while waiting:
        waiting = [verdict for verdict in waiting if not consult(client, verdict)]
    writer = csv.DictWriter(sys.stdout, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(verdicts)


if __name__ == "__main__":
    main()
