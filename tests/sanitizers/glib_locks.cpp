// SPDX-License-Identifier: MIT
// GLib's locks and memory, and GStreamer's calls on other threads, told to ThreadSanitizer.
//
// GLib locks with system calls of its own, which ThreadSanitizer does not know: whatever they guard
// would look like a race. These functions, in the test program, take the place of the library's for
// all modules, call it, and say what follows what.
#include <dlfcn.h>
#include <glib.h>
#include <gst/gst.h>
#include <sanitizer/tsan_interface.h>

#include <memory>

namespace {

// The library's own function, found at the first call.
template <typename Function>
Function* library(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define LIBRARY(name)                                \
  (*[] {                                             \
    static auto* f = library<decltype(name)>(#name); \
    return f;                                        \
  }())

// What takes a lock sees all that was done before the lock was given back.
#define LOCKS(Type, lock, unlock)       \
  extern "C" void lock(Type* lock_) {   \
    LIBRARY(lock)(lock_);               \
    __tsan_acquire(lock_);              \
  }                                     \
  extern "C" void unlock(Type* lock_) { \
    __tsan_release(lock_);              \
    LIBRARY(unlock)(lock_);             \
  }
#define TRIES(Type, name)                        \
  extern "C" gboolean name(Type* lock_) {        \
    const gboolean taken = LIBRARY(name)(lock_); \
    if (taken) __tsan_acquire(lock_);            \
    return taken;                                \
  }

LOCKS(GMutex, g_mutex_lock, g_mutex_unlock)
LOCKS(GRecMutex, g_rec_mutex_lock, g_rec_mutex_unlock)
LOCKS(GRWLock, g_rw_lock_writer_lock, g_rw_lock_writer_unlock)
LOCKS(GRWLock, g_rw_lock_reader_lock, g_rw_lock_reader_unlock)
TRIES(GMutex, g_mutex_trylock)
TRIES(GRecMutex, g_rec_mutex_trylock)

// Memory that one thread gives back to GLib's slices and another one gets.
extern "C" gpointer g_slice_alloc(gsize size) {
  gpointer block = LIBRARY(g_slice_alloc)(size);
  __tsan_acquire(block);
  return block;
}

extern "C" void g_slice_free1(gsize size, gpointer block) {
  if (block != nullptr) __tsan_release(block);
  LIBRARY(g_slice_free1)(size, block);
}

// Waiting gives the lock back and takes it again.
extern "C" void g_cond_wait(GCond* cond, GMutex* mutex) {
  __tsan_release(mutex);
  LIBRARY(g_cond_wait)(cond, mutex);
  __tsan_acquire(mutex);
}

extern "C" gboolean g_cond_wait_until(GCond* cond, GMutex* mutex, gint64 end) {
  __tsan_release(mutex);
  const gboolean signalled = LIBRARY(g_cond_wait_until)(cond, mutex, end);
  __tsan_acquire(mutex);
  return signalled;
}

// Work for another thread sees what was done before it was handed over.
namespace {

struct Call {
  GstElementCallAsyncFunc work;
  gpointer data;
  GDestroyNotify forget;
};

}  // namespace

extern "C" void gst_element_call_async(GstElement* element, GstElementCallAsyncFunc work,
                                       gpointer data, GDestroyNotify forget) {
  auto* call = new Call{work, data, forget};
  __tsan_release(call);
  LIBRARY(gst_element_call_async)
  (
      element,
      [](GstElement* on, gpointer handed) {
        __tsan_acquire(handed);
        const auto* taken = static_cast<Call*>(handed);
        taken->work(on, taken->data);
      },
      call,
      [](gpointer handed) {
        const std::unique_ptr<Call> done(static_cast<Call*>(handed));
        if (done->forget != nullptr) done->forget(done->data);
      });
}
