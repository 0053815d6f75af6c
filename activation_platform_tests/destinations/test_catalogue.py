"""Promises of the catalogue: what is listed is there, complete, lazy, and keeps its secrets."""

import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import activation_platform.destinations as catalogue
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import MODES_THAT_DELETE, Mode
from activation_platform.destinations import PLATFORMS, destination_class
from activation_platform.destinations.attio.destination import Attio
from activation_platform.destinations.batch.destination import Batch
from activation_platform.destinations.database.destination import Database
from activation_platform.destinations.emarsys.destination import Emarsys
from activation_platform.destinations.files.destination import Files
from activation_platform.destinations.firestore.destination import Firestore
from activation_platform.destinations.intercom.destination import Intercom
from activation_platform.destinations.iterable.destination import Iterable
from activation_platform.destinations.klaviyo.destination import Klaviyo
from activation_platform.destinations.sendgrid.destination import SendGrid
from activation_platform.destinations.webhook.destination import Webhook

FOLDER = Path(catalogue.__file__).parent
CONFIGURED = [
    Attio(access_token="attio-secret-token"),
    Database(url="postgresql://writer@localhost/shop", password="database-secret-password"),
    Batch(rest_api_key="batch-secret-rest", project_key="project_1", live_api_keys=["batch-secret-app"]),
    Emarsys(username="shop001", secret="emarsys-secret-secret"),
    Emarsys(client_id="shop", client_secret="emarsys-secret-client"),
    Files(url="s3://bucket", access_key_id="files-secret-id", secret_access_key="files-secret-key"),
    Firestore(project="shop", credentials='{"client_email": "a@b.c", "private_key": "firestore-secret-key"}'),
    Intercom(access_token="intercom-secret-token"),
    Iterable(api_key="iterable-secret-key"),
    Klaviyo(private_key="klaviyo-secret-key"),
    SendGrid(api_key="sendgrid-secret-key"),
    Webhook(
        url="https://hooks.example.org/webhook-secret-path?key=webhook-secret-query",
        headers={"Authorization": "Bearer webhook-secret-header"},
        signing_key="webhook-secret-key",
    ),
]


def test_the_catalogue_is_alphabetical_and_is_what_the_folders_say():
    folders = sorted(path.name for path in FOLDER.iterdir() if (path / "destination.py").is_file())

    assert list(PLATFORMS) == folders
    assert len(PLATFORMS) == len(folders)


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_a_platform_leads_to_its_own_class(platform):
    found = destination_class(platform)

    assert found.platform == platform
    assert found is PLATFORMS[platform]


def test_an_unknown_platform_is_answered_with_the_nearest_one():
    with pytest.raises(DeclarationError, match='Did you mean "batch"'):
        destination_class("bacth")


def test_looking_at_the_catalogue_imports_no_platform():
    look = (
        "import sys; from activation_platform.destinations import PLATFORMS; list(PLATFORMS); 'batch' in PLATFORMS; "
        "print([name for name in sys.modules if name.startswith('activation_platform.destinations.')])"
    )

    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert seen.stdout.strip() == "[]"


@pytest.mark.parametrize("destination", CONFIGURED, ids=lambda one: one.platform)
def test_every_service_is_declared_whole_and_found_by_its_name(destination):
    for service_class in destination.services:
        service = service_class.described(destination)
        assert destination.service(destination.service_name(service_class)) is service_class
        assert service_class.docs.startswith("https://")
        assert [field.name for field in service.declared_fields() if field.key] == [service.identifying_field]
        assert len({field.name for field in service.declared_fields()}) == len(service.declared_fields())
        assert service.modes
        if service.deletes_are_requests:
            assert service.erasures_per_second


@pytest.mark.parametrize("destination", CONFIGURED, ids=lambda one: one.platform)
def test_what_a_mode_requires_is_a_setting_of_the_destination(destination):
    for service in destination.services:
        for mode in service.modes:
            assert set(service.requirements(mode)) <= set(type(destination).model_fields)


@pytest.mark.parametrize("destination", CONFIGURED, ids=lambda one: one.platform)
def test_secrets_are_known_to_the_redactor_and_shown_by_no_repr(destination):
    secrets = destination.secret_values()

    assert secrets
    for secret in secrets:
        assert secret not in destination.redactor()(f"https://host/1.0/{secret}/gdpr/request")
        for shown in (repr(destination), str(destination), repr(destination.auth())):
            assert secret not in shown


def test_only_a_mode_that_deletes_needs_the_keys_of_apps():
    profiles, erasures = Batch.service("profiles"), Batch.service("erasures")

    assert {mode for mode in profiles.modes if profiles.requirements(mode)} == MODES_THAT_DELETE
    assert erasures.requirements(Mode.ERASE) == ("live_api_keys",)


# A service file is the module in which the class of a service stands, of every platform that the catalogue lists.
SERVICE_FILES = sorted(
    {
        Path(sys.modules[service.__module__].__file__ or "")
        for platform in PLATFORMS
        for service in destination_class(platform).services
    }
)
LINES = {path: len(path.read_text().splitlines()) for path in SERVICE_FILES}


@pytest.mark.parametrize("path", SERVICE_FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_service_reads_like_the_vendors_manual(path):
    assert LINES[path] <= 200


def test_the_median_of_service_files_is_at_most_ninety_lines():
    assert median(LINES.values()) <= 90, sorted(LINES.values())


def test_no_two_services_say_the_same_six_lines():
    said: dict[tuple[str, ...], Path] = {}
    for path in SERVICE_FILES:
        lines = [line.strip() for line in path.read_text().partition("__all__")[2].splitlines()]
        for six in {tuple(lines[n : n + 6]) for n in range(len(lines) - 5)}:
            assert not all(six) or said.setdefault(six, path) == path, six
