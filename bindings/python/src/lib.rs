//! The engine of `crates/browser` as a Python class: a request in JSON and some bytes in, JSON out. Everything that
//! Python programmers see is in `python/lmr_validator`.

use std::sync::Mutex;

use lmr_browser::Engine;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// One engine. Threads may share it; one at a time asks it.
#[pyclass(frozen, name = "Engine", module = "lmr_validator._engine")]
struct PyEngine(Mutex<Engine>);

#[pymethods]
impl PyEngine {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// Answers a request about some bytes. Other Python threads run meanwhile.
    fn ask(&self, py: Python<'_>, request: &[u8], body: &[u8]) -> PyResult<String> {
        let answer = py.detach(|| {
            // After a panic the engine is of no use.
            self.0.lock().map(|mut engine| engine.answer(request, body)).map_err(|_| ())
        });
        let answer = answer.map_err(|()| PyRuntimeError::new_err("the engine has ended with a fault"))?;
        String::from_utf8(answer).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}

#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyEngine>()
}
