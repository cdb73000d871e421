//! The module's exports. JavaScript writes a request and the bytes it is about into two buffers, runs it, and
//! reads the answer; nothing else crosses. The state is the module's own: a second engine is a second instance.

use std::cell::RefCell;

use crate::Engine;

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

#[derive(Default)]
struct State {
    engine: Engine,
    request: Vec<u8>,
    body: Vec<u8>,
    answer: Vec<u8>,
}

/// Makes room for a request of so many bytes and says where it is to be written.
#[expect(unsafe_code, reason = "the name is how JavaScript finds the function")]
#[unsafe(no_mangle)]
extern "C" fn lmr_request(bytes: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.request.clear();
        state.request.resize(bytes, 0);
        state.request.as_mut_ptr()
    })
}

/// Makes room for the bytes that a request is about and says where they are to be written.
#[expect(unsafe_code, reason = "the name is how JavaScript finds the function")]
#[unsafe(no_mangle)]
extern "C" fn lmr_body(bytes: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        // A large text that is done with must not stay beside the next one.
        if state.body.capacity() > 2 * bytes.max(1 << 20) {
            state.body = Vec::new();
        }
        state.body.clear();
        state.body.resize(bytes, 0);
        state.body.as_mut_ptr()
    })
}

/// Answers the request and says how many bytes the answer has.
#[expect(unsafe_code, reason = "the name is how JavaScript finds the function")]
#[unsafe(no_mangle)]
extern "C" fn lmr_run() -> usize {
    STATE.with_borrow_mut(|state| {
        state.answer = state.engine.answer(&state.request, &state.body);
        state.answer.len()
    })
}

/// Says where the answer is; until the next run.
#[expect(unsafe_code, reason = "the name is how JavaScript finds the function")]
#[unsafe(no_mangle)]
extern "C" fn lmr_answer() -> *const u8 {
    STATE.with_borrow(|state| state.answer.as_ptr())
}
