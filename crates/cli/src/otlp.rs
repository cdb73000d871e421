//! Traces and metrics of the receiver by OTLP, to a collector. What goes out is what [`CallRecord`] has: names of the
//! interface, numbers and times. Callers' own trace contexts are not taken over: they are strangers.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lmr_auth::Network;
use lmr_server::{CallObserver, CallRecord};
use opentelemetry::metrics::{Counter, Histogram, MeterProvider as _};
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;

use crate::config::otlp::{OtlpProtocol, OtlpSection};
use crate::text::{Explain, text};

/// Longest time for one export.
const EXPORT_TIME: Duration = Duration::from_secs(10);

/// Sends what the SDK has gathered. The SDK exports from threads of its own, which have no runtime.
#[derive(Clone, Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move {
            let answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status().as_u16());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            Ok(response.body(answer.bytes().await?)?)
        });
        sending.await?
    }
}

/// What the receiver tells its calls to.
#[derive(Debug)]
pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    tracer: SdkTracer,
    duration: Histogram<f64>,
    body: Counter<u64>,
    entries: Counter<u64>,
}

impl Telemetry {
    /// Starts the threads that export. Within the runtime that is to send.
    pub(crate) fn start(section: &OtlpSection) -> anyhow::Result<Self> {
        let cannot = || {
            text!(
                "otlp: kan ikke sende til {address}",
                "otlp: cannot send to {address}",
                address = section.endpoint
            )
        };
        let is_local =
            section.endpoint.contains("//127.0.0.1") || section.endpoint.contains("//localhost");
        let builder = Network::default().client(is_local).explain(cannot)?;
        let client = builder.timeout(EXPORT_TIME).build().explain(cannot)?;
        let client = Client { client, runtime: Handle::current() };
        let protocol = match section.protocol {
            OtlpProtocol::Protobuf => Protocol::HttpBinary,
            OtlpProtocol::Json => Protocol::HttpJson,
        };
        let endpoint = section.endpoint.trim_end_matches('/');
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_protocol(protocol)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .with_timeout(EXPORT_TIME)
            .build()
            .explain(cannot)?;
        let numbers = MetricExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(protocol)
            .with_endpoint(format!("{endpoint}/v1/metrics"))
            .with_timeout(EXPORT_TIME)
            .build()
            .explain(cannot)?;
        // Without what the SDK finds out about machine and process.
        let resource = Resource::builder_empty()
            .with_service_name(section.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let traces = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .with_sampler(Sampler::TraceIdRatioBased(section.sample))
            .with_resource(resource.clone())
            .build();
        let interval = Duration::from_secs(u64::from(section.interval_seconds.max(1)));
        let reader = PeriodicReader::builder(numbers).with_interval(interval).build();
        let metrics =
            SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build();
        let meter = metrics.meter("lmr");
        Ok(Self {
            tracer: traces.tracer("lmr"),
            duration: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_boundaries(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0])
                .build(),
            body: meter.u64_counter("lmr.body").with_unit("By").build(),
            entries: meter.u64_counter("lmr.entries").build(),
            traces,
            metrics,
        })
    }

    /// Sends what is left. Blocks until it is sent or the time for it is up.
    pub(crate) fn stop(&self) {
        for ended in [self.traces.shutdown(), self.metrics.shutdown()] {
            if let Err(error) = ended {
                tracing::warn!(%error, "the last traces or metrics could not be sent");
            }
        }
    }

    fn trace(&self, call: &CallRecord) {
        let began = SystemTime::from(call.started);
        let mut attributes = vec![
            KeyValue::new("http.request.method", call.method),
            KeyValue::new("http.route", call.route),
            KeyValue::new("http.response.status_code", i64::from(call.status)),
            KeyValue::new("http.request.body.size", whole(call.body_bytes)),
        ];
        if let Some(code) = call.code {
            attributes.push(KeyValue::new("lmr.code", code));
        }
        if call.repeated {
            attributes.push(KeyValue::new("lmr.repeated", true));
        }
        if call.is_trial {
            attributes.push(KeyValue::new("lmr.trial", true));
        }
        if call.counts.entries > 0 {
            for (outcome, count) in outcomes(call) {
                attributes.push(KeyValue::new(format!("lmr.entries.{outcome}"), i64::from(count)));
            }
        }
        let span = self
            .tracer
            .span_builder(format!("{} {}", call.method, call.route))
            .with_kind(SpanKind::Server)
            .with_start_time(began)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &Context::new());
        let context = Context::new().with_span(span);
        for stage in &call.stages {
            let from = began + stage.after;
            let mut part = self
                .tracer
                .span_builder(stage.name)
                .with_start_time(from)
                .start_with_context(&self.tracer, &context);
            part.end_with_timestamp(from + stage.took);
        }
        if call.status >= 500 {
            context.span().set_status(Status::error(""));
        }
        context.span().end_with_timestamp(began + call.took);
    }
}

/// How many entries fared how.
fn outcomes(call: &CallRecord) -> [(&'static str, u32); 5] {
    let counts = call.counts;
    [
        ("created", counts.created),
        ("updated", counts.updated),
        ("unchanged", counts.unchanged),
        ("refused", counts.refused),
        ("dependent", counts.dependent),
    ]
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl CallObserver for Telemetry {
    fn answered(&self, call: &CallRecord) {
        let mut labels = vec![
            KeyValue::new("http.request.method", call.method),
            KeyValue::new("http.route", call.route),
            KeyValue::new("http.response.status_code", i64::from(call.status)),
        ];
        if let Some(code) = call.code {
            labels.push(KeyValue::new("lmr.code", code));
        }
        self.duration.record(call.took.as_secs_f64(), &labels);
        self.body.add(call.body_bytes, &[KeyValue::new("http.route", call.route)]);
        // What is stored already, or only tried, is no delivery.
        if !call.repeated && !call.is_trial {
            for (outcome, count) in outcomes(call).into_iter().filter(|(_, count)| *count > 0) {
                self.entries.add(u64::from(count), &[KeyValue::new("lmr.outcome", outcome)]);
            }
        }
        // Probes would be nearly all there is.
        if !matches!(call.route, "/health/live" | "/health/ready" | "/metrics") {
            self.trace(call);
        }
    }
}
