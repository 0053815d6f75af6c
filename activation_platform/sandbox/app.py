"""The sandbox as one ASGI application: every platform behind its prefix, and the control plane beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.routing import Mount

from activation_platform.sandbox import administration
from activation_platform.sandbox.attio import Attio
from activation_platform.sandbox.batch import Batch
from activation_platform.sandbox.emarsys import Emarsys
from activation_platform.sandbox.firestore import Firestore
from activation_platform.sandbox.gate import Gate
from activation_platform.sandbox.intercom import Intercom
from activation_platform.sandbox.iterable import Iterable as IterableSandbox
from activation_platform.sandbox.klaviyo import Klaviyo
from activation_platform.sandbox.platform import Platform
from activation_platform.sandbox.sendgrid import SendGrid
from activation_platform.sandbox.webhook import Webhook
from activation_platform.sandbox.world import Clock, World

# A new platform is a folder and one line here.
PLATFORMS: tuple[Callable[[], Platform], ...] = (
    Attio,
    Batch,
    Emarsys,
    Firestore,
    Intercom,
    IterableSandbox,
    Klaviyo,
    SendGrid,
    Webhook,
)


def create_app(
    *,
    seed: int = 0,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
    limits: bool = True,
    platforms: Iterable[Platform] | None = None,
) -> Starlette:
    """Return a sandbox; its `World` is at `.state.world`.

    `seed` decides ids and the dice of faults. `clock` gives monotonic seconds, `wall` the time of day.
    `limits=False` switches rate limits off. `platforms` replaces the default stand-ins, to configure one:
    `create_app(platforms=[Batch(app_keys=("ios", "web")), Attio()])`.
    """
    chosen = [platform() for platform in PLATFORMS] if platforms is None else platforms
    world = World(chosen, seed=seed, clock=clock, wall=wall, limits=limits)
    app = Starlette(
        routes=[
            *(Mount(f"/{name}", app=Gate(platform, world)) for name, platform in world.platforms.items()),
            Mount("/_sandbox", routes=administration.routes(world)),
        ]
    )
    app.state.world = world
    return app
