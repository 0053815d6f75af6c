"""The stand-in for Batch: CEP profiles and audiences, and the GDPR API that erases profiles."""

from activation_platform.sandbox.batch.platform import APP_KEY, PROJECT, REST_KEY, Batch

__all__ = ["APP_KEY", "PROJECT", "REST_KEY", "Batch"]
