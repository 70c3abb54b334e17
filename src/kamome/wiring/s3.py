"""S3 sends its events to queues, topics and functions."""

from __future__ import annotations

from kamome.services.s3 import later_work
from kamome.services.s3.lifecycle import lifecycle
from kamome.services.s3.notifications import object_events
from kamome.services.s3.ports import DataKey, Ports
from kamome.services.s3.slice import S3
from kamome.services.s3.store import S3Store
from kamome.storage.outbox import Outbox
from kamome.wiring.kernel import Kernel
from kamome.wiring.offers import Offers


def make(kernel: Kernel, offers: Offers) -> S3:
    """The slice with its ports."""
    ports = Ports(
        queue_exists=offers.queue_exists,
        topic_exists=offers.topic_exists,
        function_exists=offers.function_exists,
        send_to_queue=offers.send_to_queue,
        publish=offers.publish,
        invoke_event=offers.invoke_event,
        put_event=offers.bus_events.put,
        generate_data_key=lambda ctx, key_id, encryption_context: DataKey(
            *offers.generate_data_key(ctx, key_id, encryption_context, "s3")
        ),
        decrypt_data_key=lambda ciphertext, encryption_context: offers.decrypt_data_key(
            ciphertext, encryption_context, "s3"
        ),
    )
    return S3(
        S3Store(kernel.engine),
        kernel.blobs,
        kernel.clock,
        kernel.ids,
        kernel.outbox,
        ports,
        kernel.journeys,
    )


def register(outbox: Outbox, s3: S3) -> None:
    """Name the handlers of its outbox entries."""
    outbox.register(object_events.EVENT_KIND, lambda entry: object_events.deliver_event(s3, entry))
    later_work.register(outbox, s3)
    outbox.register(lifecycle.EVENT_KIND, lambda entry: lifecycle.work_lifecycle(s3, entry))
