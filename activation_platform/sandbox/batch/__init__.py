"""The stand-in for Batch: profiles, events, audiences and catalogs of a project, data of its apps' users, and GDPR erasure."""

from activation_platform.sandbox.batch.platform import APP_KEY, PROJECT, REST_KEY, Batch

__all__ = ["APP_KEY", "PROJECT", "REST_KEY", "Batch"]
