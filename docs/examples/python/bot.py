"""Buys a token, follows the order to its end, sells again. See README.md beside this file."""

import argparse
import sys
import uuid

from exitlane import CallFailed, Exitlane

WIF = "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdM65zcjm"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requestor", default="127.0.0.1:50051")
    options.add_argument("--processor", default="127.0.0.1:50052")
    options.add_argument("--id", default=f"py-{uuid.uuid4()}", help="your id: the same one is the same order")
    options.add_argument("--token-address", default=WIF)
    options.add_argument("--sol", default="0.1", help="what to spend, a decimal string")
    for name in ("ca-file", "cert-file", "key-file", "token-file", "server-name"):
        options.add_argument(f"--{name}")
    given = options.parse_args()
    secrets = ("ca_file", "cert_file", "key_file", "token_file", "server_name")
    exitlane = Exitlane(given.requestor, given.processor, **{name: getattr(given, name) for name in secrets})
    try:
        trade(exitlane, given)
    except CallFailed as error:
        print(error, file=sys.stderr)
        if error.outcome_unknown:
            print(f"nobody knows yet: run it again with --id {given.id}", file=sys.stderr)
        sys.exit(1)
    finally:
        exitlane.close()


def trade(exitlane, given):
    # Said before it is asked for: whoever repeats the request with this id, also after a crash, gets the same order.
    say(f"order_req_id {given.id}")
    entry = {"order_req_id": given.id, "token_address": given.token_address, "amount_sol": given.sol}
    entry["order_type"] = "ORDER_TYPE_ENTRY"
    answer = exitlane.call("OrderService/SubmitOrder", entry)
    say("accepted before" if answer.duplicate else "accepted")
    bought = follow(exitlane, given.id)
    if not bought.position_id:
        sys.exit(f"not bought: {bought.reason} {bought.detail}")

    exit_id = f"{given.id}-exit"
    exit_all = {"order_req_id": exit_id, "position_id": bought.position_id, "percent": 100, "exit_reason": "manual"}
    exitlane.call("PositionService/ExitPosition", exit_all)
    sold = follow(exitlane, exit_id)
    if not sold.amount_sol:
        sys.exit(f"not sold: {sold.reason} {sold.detail}")
    say(f"bought for {bought.amount_sol} SOL, sold for {sold.amount_sol} SOL")


def follow(exitlane, order_req_id):
    """Shows every message; returns the last status."""
    status = None
    again = lambda error: say(f"the stream broke ({error.status}): going on")
    for message in exitlane.follow(order_req_id, on_reconnect=again):
        say(f"{message.sequence} {message.text}")
        if message.WhichOneof("content") == "status":
            status = message.status
    return status


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    main()
