"""Redshift without a password: AWS is asked for credentials, which log in; where it gives none, the way out is said."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
)
from activation_platform.sources.redshift import Redshift
from activation_platform_tests.sources.aws_api import answering
from activation_platform_tests.sources.redshift_cluster import serving

pytestmark = pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")
"""The driver asks Python for encryption in an old way."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redshift.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def aws(postgres_server, monkeypatch):
    """AWS, and a machine that has an identity there."""
    with answering(postgres_server.user, postgres_server.password) as api:
        for name, value in {
            "AWS_ENDPOINT_URL_REDSHIFT": api.address,
            "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS": api.address,
            "AWS_ACCESS_KEY_ID": "sandbox-key",
            "AWS_SECRET_ACCESS_KEY": "sandbox-secret",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        yield api


@pytest.fixture
def cluster(postgres_server, aws, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with serving(postgres_server, None) as cluster:
        cluster.tls = tls
        yield cluster
    assert cluster.broken == []


def without_a_password(front, /, **named):
    return Redshift(
        host=front.host,
        port=front.port,
        database="postgres",
        user="reader",
        iam=True,
        region="eu-west-1",
        **named,
    )


def test_aws_is_asked_for_the_user_and_its_credentials_log_in_through_tls(cluster, aws):
    source = without_a_password(cluster, cluster="shop")

    assert pl.concat(source.read("select 1 as one"))["one"].to_list() == [1]
    assert [(one["Action"], one["ClusterIdentifier"], one["DbUser"], one["DbName"]) for one in aws.asked] == [
        ("GetClusterCredentials", "shop", "reader", "postgres")
    ]


def test_a_workgroup_is_asked_for_by_its_name(cluster, aws):
    source = without_a_password(cluster, workgroup="shop-group")

    assert pl.concat(source.read("select 2 as two"))["two"].to_list() == [2]
    assert aws.asked == [{"dbName": "postgres", "workgroupName": "shop-group"}]


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "AccessDenied", CredentialsRefused, "redshift:GetClusterCredentials"),
        (403, "ExpiredToken", CredentialsRefused, "ExpiredToken"),
        (404, "ClusterNotFound", NotFound, "Correct the source's `cluster`"),
        (400, "Throttling", RateLimited, "fewer models at a time"),
        (400, "InternalFailure", ConnectionFailed, "Try again later"),
    ],
)
def test_what_aws_refuses_is_said_with_the_way_out(cluster, aws, status, code, kind, words):
    aws.refuses = (status, code)

    with pytest.raises(kind, match=words):
        without_a_password(cluster, cluster=f"refused-{code}").columns("select 1")


def test_a_machine_without_an_identity_is_told_so(cluster, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    with pytest.raises(CredentialsRefused, match="no AWS identity"):
        without_a_password(cluster, cluster="nobody").columns("select 1")


def test_d9_an_answer_that_cannot_be_read_is_not_quoted(cluster, aws):
    aws.garbles = True

    with pytest.raises(ConnectionFailed, match="ResponseParserError") as failed:
        without_a_password(cluster, cluster="garbled").columns("select 1")
    assert aws.password not in str(failed.value)
    assert failed.value.__cause__ is None


def test_an_api_that_is_not_there_is_no_traceback(cluster, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT", "http://127.0.0.1:1")

    with pytest.raises(ConnectionFailed, match="Check the network"):
        without_a_password(cluster, cluster="unreached").columns("select 1")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "Write `cluster` or `workgroup`"),
        ({"cluster": "shop", "sslmode": "disable"}, "must be encrypted"),
    ],
)
def test_settings_that_cannot_log_in_are_named(cluster, settings, words):
    with pytest.raises(DeclarationError, match=words):
        without_a_password(cluster, **settings).columns("select 1")
