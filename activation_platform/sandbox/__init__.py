"""A stateful stand-in, on loopback, of the APIs that activations write to: for tests, demo and rehearsal."""

from activation_platform.sandbox.app import create_app
from activation_platform.sandbox.control import Control
from activation_platform.sandbox.server import RunningSandbox, running, serve

__all__ = ["Control", "RunningSandbox", "create_app", "running", "serve"]
