"""BigQuery: read through Google's own client as Arrow, the Storage API for what is large."""

import base64
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic import Field

from activation_platform.contracts.errors import (
    DeclarationError,
)
from activation_platform.contracts.google import service_account_key
from activation_platform.contracts.redaction import Redactor
from activation_platform.contracts.source import CheckStep, Source, TableName
from activation_platform.contracts.warehouse import Bench
from activation_platform.sources.arrow import Reading, conformed, counted
from activation_platform.sources.bigquery_columns import arrow_schema
from activation_platform.sources.bigquery_errors import translated
from activation_platform.sources.checking import check_steps
from activation_platform.sources.schemas import DELTA, OURS
from activation_platform.sources.statement import one_select
from activation_platform.sources.stepwise import StepwiseBench

if TYPE_CHECKING:
    from google.cloud import bigquery

__all__ = ["BigQuery"]

PAGE_ROWS = 50_000
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_OPENING = threading.Lock()
"""`dagster-gcp` hands a key over in an environment variable of the process, which two sources must not do at once."""


class BigQuery(Source):
    """Datasets of a Google Cloud project, through `dagster-gcp`'s resource.

    Types: NUMERIC → Decimal(38, 9), NUMERIC(p, s) → Decimal(p, s); TIMESTAMP → us UTC, DATETIME → us without a zone; JSON and
    GEOGRAPHY (WKT) → String; ARRAY → List, STRUCT → Struct. BIGNUMERIC beyond 38 digits, INTERVAL and RANGE are refused with the
    cast to write.
    """

    kind: ClassVar[str] = "bigquery"
    dialect: ClassVar[str] = "bigquery"
    secrets: ClassVar[tuple[str, ...]] = ("credentials",)

    project: str
    """The project of the data: where a dataset named without a project is looked up."""
    location: str
    """The one region of the datasets, `EU` or `europe-west1`: queries run there."""
    credentials: str = Field(default="", repr=False, json_schema_extra={"dagster__is_secret": True})
    """A service account's key: its JSON, as it is or in base64. Empty: the application default credentials."""
    technical_project: str = ""
    """The project in which queries run, are paid for and leave what is not data of yours; empty = `project`."""
    statement_timeout_seconds: float = 0
    """How long a query may take; 0 = as long as BigQuery allows (6 hours)."""
    retry_seconds: float = 60
    """How long a request that fails for the moment is repeated."""
    storage_api_above_rows: int = 100_000
    """Results of more rows come through the Storage API, which needs `roles/bigquery.readSessionUser`."""

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of a page (50,000 rows) or, through the Storage API, of a batch each."""
        with self._session() as session:
            yield from session.rows(query)

    def columns(self, query: str) -> pl.Schema:
        """Names and types of the query's columns, by a dry run: nothing is executed or paid for, grants are checked."""
        with self._session() as session:
            job = session.selecting(one_select(query, self.dialect))
            return Reading(arrow_schema(job.schema or ())).schema

    def grants(self, tables: Sequence[TableName]) -> str:
        """The roles to run queries and large reads (on the project, for which there is no SQL), and to view the tables.

        https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language
        """
        who = self._principal()
        running = f"gcloud projects add-iam-policy-binding {self.own_catalog} --member='{who}'"
        whole = [
            TableName(table.database or f"`{self.project}`", table.schema, table.name) for table in tables
        ]
        return "\n".join(
            [
                f"-- {running} --role=roles/bigquery.jobUser",
                f"-- {running} --role=roles/bigquery.readSessionUser",
                *(
                    f'GRANT `roles/bigquery.dataViewer` ON TABLE {table} TO "{who}"; -- a view: ON VIEW'
                    for table in whole
                ),
            ]
        )

    def grants_to_work(self) -> str:
        """The role to edit the platform's own datasets, in the technical project; it needs not make these itself."""
        schemas = [f"`{self.own_catalog}`.{schema}" for schema in OURS]
        who = self._principal()
        return "\n".join(
            [
                *(
                    f"CREATE SCHEMA IF NOT EXISTS {schema} OPTIONS (location = '{self.location}');"
                    for schema in schemas
                ),
                *(f'GRANT `roles/bigquery.dataEditor` ON SCHEMA {schema} TO "{who}";' for schema in schemas),
            ]
        )

    def check(self) -> Iterator[CheckStep]:
        """connection: the API answers; access: we may run queries; schemas: the datasets of the project."""

        @contextmanager
        def answering() -> "Iterator[_Session]":
            with self._session() as session:
                session.selecting("select 1 as x")
                yield session

        def datasets(session: _Session) -> list[str]:
            listed = session.client.list_datasets(self.project, retry=session.retry)
            return sorted(dataset.dataset_id for dataset in listed)

        return check_steps(
            answering(),
            datasets,
            answers="BigQuery answers",
            admits=f"Queries may run in {self.own_catalog}",
            closed=f"No dataset of {self.project} is open to us. GRANT roles/bigquery.dataViewer.",
        )

    @property
    def own_catalog(self) -> str:
        """The technical project."""
        return self.technical_project or self.project

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """Jobs that each stand alone."""
        with self._session() as session:
            yield _Bench(self, session)

    @contextmanager
    def _session(self) -> "Iterator[_Session]":
        try:
            import google.auth
            from dagster_gcp.bigquery.resources import BigQueryResource
            from google.api_core.exceptions import GoogleAPIError
            from google.auth.exceptions import GoogleAuthError
            from google.cloud.bigquery.retry import DEFAULT_RETRY
            from requests.exceptions import RequestException
        except ImportError as missing:
            raise DeclarationError(
                f"A BigQuery source needs {missing.name}, which is not installed",
                remedy="pip install 'activation_platform[bigquery]'",
            ) from None
        key = self._key()
        encoded = base64.b64encode(json.dumps(key).encode()).decode() if key else None
        resource = BigQueryResource(project=self.own_catalog, location=self.location, gcp_credentials=encoded)
        try:
            with _OPENING, resource.get_client() as client:
                credentials = google.auth.default(scopes=[SCOPE])[
                    0
                ]  # the resource's own, for the Storage API
            try:
                yield _Session(client, credentials, DEFAULT_RETRY.with_timeout(self.retry_seconds), self)
            finally:
                client.close()  # type: ignore[no-untyped-call]  # Google's
        except (GoogleAPIError, GoogleAuthError, RequestException) as error:
            raise translated(error, Redactor([self.credentials, key.get("private_key", "")])) from None

    def config(self, *, dry_run: bool = False) -> "bigquery.QueryJobConfig":
        """What every job is told."""
        from google.cloud.bigquery import ConnectionProperty, QueryJobConfig

        config = QueryJobConfig(
            dry_run=dry_run,
            use_query_cache=not dry_run,
            labels={"application": "activation_platform"},
            connection_properties=[ConnectionProperty("dataset_project_id", self.project)],
        )
        if self.statement_timeout_seconds:
            config.job_timeout_ms = max(1, round(self.statement_timeout_seconds * 1000))
        return config

    def _key(self) -> dict[str, Any]:
        """The service account's key; empty without one."""
        return service_account_key(self.credentials, "The source's")

    def _principal(self) -> str:
        email = self._key().get("client_email", f"activation@{self.project}.iam.gserviceaccount.com")
        return f"serviceAccount:{email}"


@dataclass(frozen=True, slots=True)
class _Session:
    """A client, what it logs in with, and how long it repeats itself."""

    client: "bigquery.Client"
    credentials: Any
    retry: Any
    source: BigQuery

    def storage(self, rows: int) -> Any:
        """The Storage API's client where the result is large, else None."""
        if rows <= self.source.storage_api_above_rows:
            return None
        from google.cloud.bigquery_storage import BigQueryReadClient

        return BigQueryReadClient(credentials=self.credentials)  # type: ignore[no-untyped-call]  # Google's

    def selecting(self, text: str) -> "bigquery.QueryJob":
        """The dry run of a query; raises DeclarationError where BigQuery sees in it more than a SELECT."""
        job = self._job(text, self.source.config(dry_run=True))
        if job.statement_type != "SELECT":
            raise DeclarationError(
                f"BigQuery takes the query for {job.statement_type or 'no statement'}",
                remedy="Write one SELECT: a source is read and never written.",
            )
        return job

    def rows(self, query: str) -> Iterator[pl.DataFrame]:
        """The rows of a query."""
        text = one_select(query, BigQuery.dialect)
        schema = arrow_schema(self.selecting(text).schema or ())
        with self._waiting(text) as rows:
            batches = rows.to_arrow_iterable(self.storage(rows.total_rows), max_stream_count=1)
            frames = Reading(schema).frames(conformed(batch, schema) for batch in batches)
            yield from counted(frames, rows.total_rows, "BigQuery")

    def run(self, statement: str) -> None:
        """Carry out a statement. It is one job, however often the client sends it."""
        with self._waiting(statement):
            pass

    @contextmanager
    def _waiting(self, text: str) -> Iterator[Any]:
        """What a job answers; it is cancelled where nobody waits for it any more."""
        job = self._job(text, self.source.config())
        try:
            yield job.result(page_size=PAGE_ROWS, retry=self.retry, job_retry=None)
        except BaseException:
            with suppress(Exception):  # what stopped the wait is what is told
                job.cancel(retry=self.retry)
            raise

    def _job(self, text: str, config: "bigquery.QueryJobConfig") -> "bigquery.QueryJob":
        return self.client.query(text, job_config=config, retry=self.retry, job_retry=None)


class _Bench(StepwiseBench):
    """A client."""

    dialect: ClassVar[str] = BigQuery.dialect

    def __init__(self, source: BigQuery, session: _Session) -> None:
        super().__init__(source)
        self._session = session
        self._project = source.own_catalog

    def read(self, query: str) -> Iterator[pl.DataFrame]:
        """Frames of a page or, through the Storage API, of a batch each."""
        return self._session.rows(query)

    def run(self, statement: str) -> None:
        """Carry it out."""
        self._session.run(statement)

    def schemas(self, query: str) -> list[str]:
        """The datasets that we may look into: SQL would have to be allowed to look at all of the project."""
        del query
        listed = self._session.client.list_datasets(self._project, retry=self._session.retry)
        return [dataset.dataset_id for dataset in listed]

    def tables(self) -> list[str]:
        """As the API lists them."""
        listed = self._session.client.list_tables(f"{self._project}.{DELTA}", retry=self._session.retry)
        return [table.table_id for table in listed]
