"""A small client of Exitlane's API on grpcio, without generated code: messages come from the descriptor set in proto/gen.

Amounts and prices are decimal strings, never floats. Requests are dicts spelled as in the proto files.
"""

import pathlib
import random
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

DESCRIPTORS = pathlib.Path(__file__).resolve().parents[3] / "proto" / "gen" / "descriptors.binpb"
OF_PROCESSOR = ("DeliveryService", "MarketService")
# The service knows these again by the client's id: repeating one is harmless, as is repeating a read.
KNOWN_BY_ID = {"SubmitOrder", "ProcessSignal", "RetryOrder", "ExitPosition", "RetryExit", "SubmitProposal"}
LOOPBACK = ("127.", "localhost", "[::1]")
FIRST_WAIT_S, LONGEST_WAIT_S, LAST_TRY_S = 0.05, 2.0, 0.05
OPEN_ENDS = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN")
# How grpcio's message begins when there was no connection.
NOT_SENT = ("failed to connect", "DNS resolution failed", "empty address list")
# Told before the service looks whether it knows the request: says nothing about the tries before.
BEFORE_THE_LOOK = ("RATE_LIMITED", "NOT_AUTHENTICATED", "CREDENTIAL_EXPIRED", "ROLE_INSUFFICIENT")


class Messages:
    """Message classes and methods by name."""

    def __init__(self, file=DESCRIPTORS):
        self.pool = descriptor_pool.DescriptorPool()
        for each in descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(file).read_bytes()).file:
            self.pool.Add(each)

    def new(self, name, **fields):
        return self._class(self.pool.FindMessageTypeByName(name))(**fields)

    def method(self, name):
        """What grpcio needs for `OrderService/SubmitOrder`: path, class of the request, class of the answer."""
        service, method = name.split("/")
        found = self.pool.FindServiceByName(f"exitlane.v1.{service}").methods_by_name[method]
        return f"/exitlane.v1.{name}", self._class(found.input_type), self._class(found.output_type)

    def _class(self, descriptor):
        if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self.pool).GetPrototype(descriptor)


class CallFailed(Exception):
    """A call that failed for good, with everything the service said."""

    def __init__(self, messages, method, error):
        self.method, self.status, self.message = method, error.code().name, error.details() or ""
        self.reason, self.facts, self.violations = "", {}, []
        self.retry_delay_s, self.request_id = None, ""
        for key, value in error.trailing_metadata() or ():
            if key == "x-request-id":
                self.request_id = value
            if key == "grpc-status-details-bin":
                self._read(messages, value)
        # The request may have been carried out although no answer came: ask again with the same id.
        self.outcome_unknown = self.status in OPEN_ENDS and not self.message.startswith(NOT_SENT)
        super().__init__(str(self))

    def _read(self, messages, data):
        status = messages.new("google.rpc.Status")
        status.ParseFromString(data)
        for packed in status.details:
            detail = messages.new(packed.type_url.split("/")[-1])
            detail.ParseFromString(packed.value)
            if packed.type_url.endswith("ErrorInfo"):
                self.reason, self.facts = detail.reason, dict(detail.metadata)
            elif packed.type_url.endswith("BadRequest"):
                self.violations = [(each.field, each.description) for each in detail.field_violations]
            elif packed.type_url.endswith("RetryInfo"):
                self.retry_delay_s = detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9

    @property
    def may_pass(self):
        """The same call may succeed in a moment. An error without a reason is the transport's, not the service's."""
        if self.status == "RESOURCE_EXHAUSTED":
            return self.retry_delay_s is not None
        if self.status == "UNAVAILABLE":
            return True
        broken = ("CANCELLED", "DEADLINE_EXCEEDED", "UNKNOWN")
        return self.reason == "" and (self.status in broken or "RST_STREAM" in self.message)

    def __str__(self):
        lines = [f"{self.status}{f' ({self.reason})' if self.reason else ''}: {self.message}"]
        lines += [f"  field {field}: {text}" for field, text in self.violations]
        lines += [f"  {key}: {value}" for key, value in self.facts.items()]
        if self.retry_delay_s is not None:
            lines.append(f"  try again in {self.retry_delay_s} s")
        return "\n".join(lines + ([f"  request id: {self.request_id}"] if self.request_id else []))


class LogReplaced(Exception):
    """The services' log is not the one that the cursor is from: read the order, then follow it anew."""


class Exitlane:
    """Both services, each at host:port, at several IP addresses with ports, or at dns:///name:port."""

    def __init__(
        self, requestor, processor, ca_file=None, cert_file=None, key_file=None, token_file=None, server_name=None
    ):
        self.messages = Messages()
        self._token = pathlib.Path(token_file).read_text().strip() if token_file else None
        addresses = {"requestor": requestor, "processor": processor}
        secrets = (ca_file, cert_file, key_file, server_name)
        self._channels = {name: self._connect(address, *secrets) for name, address in addresses.items()}

    def _connect(self, address, ca_file, cert_file, key_file, server_name):
        here = all(each.strip().startswith(LOOPBACK) for each in address.split(","))
        target = f"ipv4:{address.replace(' ', '')}" if "," in address else address
        options = [("grpc.keepalive_time_ms", 30_000), ("grpc.initial_reconnect_backoff_ms", 50)]
        options.append(("grpc.max_reconnect_backoff_ms", 500 if here else 2_000))
        if "," in address or address.startswith("dns:"):
            options.append(("grpc.lb_policy_name", "round_robin"))
        if here:
            options.append(("grpc.enable_http_proxy", 0))
        if ca_file is None:
            if self._token and not here:
                raise ValueError(f"{address} needs ca_file: without TLS the token could be read on the way")
            return grpc.insecure_channel(target, options)
        name = server_name or ("localhost" if here else None)
        if name:
            options.append(("grpc.ssl_target_name_override", name))
        read = lambda file: pathlib.Path(file).read_bytes() if file else None
        ca = None if ca_file == "system" else read(ca_file)
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(ca, read(key_file), read(cert_file)), options)

    def call(self, method, request=None, timeout_s=10.0):
        """One answer. Repeats what is safe to repeat until it is answered or refused, all within timeout_s."""
        end, attempt, lost = time.monotonic() + timeout_s, 0, False
        name = method.split("/")[1]
        is_safe = name.startswith(("Get", "List")) or name in KNOWN_BY_ID
        while True:
            attempt += 1
            left = end - time.monotonic()
            try:
                return self._start(method, "unary_unary", request, min(left, max(1.0, left / 2)) if is_safe else left)
            except CallFailed as error:
                wait = back_off(attempt, error.retry_delay_s)
                lost = lost or error.outcome_unknown
                if not (is_safe and error.may_pass) or end - time.monotonic() < wait + LAST_TRY_S:
                    error.outcome_unknown = error.outcome_unknown or (lost and error.reason in BEFORE_THE_LOOK)
                    raise
                time.sleep(wait)

    def follow(self, order_req_id, after_sequence=0, epoch=None, on_reconnect=lambda error: None):
        """One order's messages to its end: each once, in order, over broken connections and restarted services."""
        attempt = 0
        while True:
            try:
                request = {"order_req_id": order_req_id, "after_sequence": after_sequence}
                for frame in self._frames(request):
                    kind = frame.WhichOneof("frame")
                    if kind == "header":
                        if epoch not in (None, frame.header.epoch):
                            raise LogReplaced(f"{epoch} became {frame.header.epoch}")
                        epoch = frame.header.epoch
                    if kind != "message" or frame.message.sequence <= after_sequence:
                        continue
                    if frame.message.sequence != after_sequence + 1:
                        raise RuntimeError(f"message {after_sequence + 1} is missing")
                    attempt, after_sequence = 0, frame.message.sequence
                    yield frame.message
                    if frame.message.status.is_terminal:
                        return
                return
            except CallFailed as error:
                if not error.may_pass:
                    raise
                attempt += 1
                on_reconnect(error)
                time.sleep(back_off(attempt, error.retry_delay_s))

    def close(self):
        for channel in self._channels.values():
            channel.close()

    def _frames(self, request):
        stream = self._start("DeliveryService/StreamOrder", "unary_stream", request, None)
        try:
            yield from stream
        except grpc.RpcError as error:
            raise CallFailed(self.messages, "StreamOrder", error) from error
        finally:
            stream.cancel()

    def _start(self, method, kind, request, timeout_s):
        path, request_class, answer_class = self.messages.method(method)
        channel = self._channels["processor" if method.startswith(OF_PROCESSOR) else "requestor"]
        message = json_format.ParseDict(request or {}, request_class(), descriptor_pool=self.messages.pool)
        start = getattr(channel, kind)(path, request_class.SerializeToString, answer_class.FromString)
        metadata = [("authorization", f"Bearer {self._token}")] if self._token else None
        try:
            return start(message, timeout=timeout_s, metadata=metadata)
        except grpc.RpcError as error:
            raise CallFailed(self.messages, method, error) from error


def back_off(attempt, asked_s):
    """Doubling waits of which half is random, on top of what the service asks for."""
    full = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempt - 1, 30))
    return max(full / 2, asked_s or 0.0) + full / 2 * random.random()
