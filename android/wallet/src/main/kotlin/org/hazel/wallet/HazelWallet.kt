package org.hazel.wallet

import java.io.Closeable
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.asSharedFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onStart
import kotlinx.coroutines.withContext
import org.hazel.bridge.Event
import org.hazel.bridge.HazelException
import org.hazel.bridge.Home
import org.hazel.bridge.Listener
import org.hazel.bridge.Notice
import org.hazel.bridge.PageOf
import org.hazel.bridge.TallyPage
import org.hazel.bridge.Wallet

/**
 * A wallet for coroutines: verbs suspend off the main thread, screens are flows that follow every change.
 *
 * Cancelling a coroutine does not stop a verb that has begun: it is one short transaction, and it ends.
 */
class HazelWallet(
    /** The wallet itself, for whoever has a thread of its own, such as a radio. */
    val bridge: Wallet,
    private val worker: CoroutineDispatcher = Dispatchers.IO,
) : Closeable {
    private val changes = MutableSharedFlow<Notice>(extraBufferCapacity = 64, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    init {
        bridge.listen(object : Listener {
            override fun changed(notice: Notice) {
                changes.tryEmit(notice)
            }
        })
    }

    /** What changed. A slow reader misses the oldest; nothing is lost, since a screen reads itself anew. */
    val notices: Flow<Notice> get() = changes.asSharedFlow()

    /** Runs a verb off the main thread: `wallet.run { pay(tally, payment) }`. */
    suspend fun <T> run(verb: Wallet.() -> T): T = withContext(worker) { bridge.verb() }

    /** The first screen, now and after every change. Ends when the wallet is closed. */
    fun home(): Flow<Home> = following({ true }) { bridge.home() }

    /** The page of one tally, now and after each of its changes. */
    fun tally(id: String, page: PageOf = PageOf()): Flow<TallyPage> =
        following({ it !is Notice.Tally || it.tally == id }) { bridge.tally(id, page) }

    /** What the person must be told, one after the other; each counts as told when the collector comes back for the next. */
    fun events(): Flow<Event> = flow {
        changes.onStart { emit(Notice.Everything) }.conflate().collect {
            while (true) {
                val event = bridge.nextEvent() ?: break
                emit(event)
                bridge.eventHandled(event.no)
            }
        }
    }.flowOn(worker)

    private fun <T> following(about: (Notice) -> Boolean, read: () -> T): Flow<T> =
        changes.filter(about).onStart { emit(Notice.Everything) }.conflate().map { read() }.distinctUntilChanged().flowOn(worker)

    /** Closes the wallet. Every later call answers "closed". */
    override fun close() = bridge.shut()
}

/** Whether the error says no more than that the wallet is closed or frozen: a flow may end on it quietly. */
val HazelException.isOver: Boolean get() = this is HazelException.Over
