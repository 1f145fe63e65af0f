package org.hazel.wallet

import java.util.UUID

/** The one GATT service of docs/protocol-sync.md, the same on computers and phones. */
internal object Gatt {
    val SERVICE: UUID = UUID.fromString("1a7c15fa-6e63-4bdb-a005-f29b8a91b83f")
    val RX: UUID = UUID.fromString("1a7c15fa-6e63-4bdb-a005-f29b8a91b840")
    val TX: UUID = UUID.fromString("1a7c15fa-6e63-4bdb-a005-f29b8a91b841")
    val INFO: UUID = UUID.fromString("1a7c15fa-6e63-4bdb-a005-f29b8a91b842")
    /** The descriptor by which a central asks to be notified. */
    val NOTIFY: UUID = UUID.fromString("00002902-0000-1000-8000-00805f9b34fb")
    /** Under this number of "no company" an advertisement carries the tag. */
    const val TAG_COMPANY = 0xffff
    const val LEAST_MTU = 23
    const val MOST_MTU = 517
}

/** What a radio says of its MTU, kept within what there can be. */
internal fun soundMtu(claimed: Int): UShort = claimed.coerceIn(Gatt.LEAST_MTU, Gatt.MOST_MTU).toUShort()

/** One link of a radio. */
internal interface Link {
    val mtu: UShort
    /** Whether its packets go over an L2CAP channel instead of the service. */
    val isChannel: Boolean get() = false
    fun send(packet: ByteArray)
    /** Closes, after what was written has left. */
    fun close()
    /** Closes now. */
    fun leave()
}

/**
 * Packets on their way to a stack that takes one at a time and says when it has. Closing waits for what was written before.
 *
 * [give] hands one packet to the stack and answers whether it was taken; whoever owns the queue calls [taken] when the stack is ready
 * again. Used from one thread.
 */
internal class PacketQueue(private val give: (ByteArray) -> Boolean, private val close: () -> Unit) {
    private val waiting = ArrayDeque<ByteArray>()
    private var busy = false
    private var closing = false
    private var closed = false

    fun send(packet: ByteArray) {
        if (closing) return
        // What does not fit is said again by the session; memory is not for it.
        if (waiting.size < MOST) waiting.add(packet)
        next()
    }

    fun taken() {
        busy = false
        next()
    }

    fun closeWhenEmpty() {
        closing = true
        next()
    }

    private fun next() {
        while (!busy && waiting.isNotEmpty()) {
            busy = true
            // Refused: it counts as lost, and the session will say it again.
            if (!give(waiting.removeFirst())) busy = false
        }
        if (closing && !busy && !closed) {
            closed = true
            close()
        }
    }

    private companion object {
        const val MOST = 512
    }
}
