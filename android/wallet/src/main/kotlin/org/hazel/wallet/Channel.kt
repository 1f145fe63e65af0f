package org.hazel.wallet

import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.util.concurrent.Executors
import java.util.concurrent.Semaphore
import kotlin.concurrent.thread
import org.hazel.bridge.HazelException
import org.hazel.bridge.brought
import org.hazel.bridge.framed

/** A stream in both directions, as Android gives one for an L2CAP channel. Closing it from another thread ends whatever waits in it. */
internal interface Pipe {
    /** Opens it, however long that takes; throws if it is refused, or closed meanwhile. */
    @Throws(IOException::class)
    fun open()
    val input: InputStream
    val output: OutputStream
    fun close()
}

/** The thread that a radio lives on. */
internal interface Post {
    fun post(act: () -> Unit)
    fun after(milliseconds: Long, act: () -> Unit)
}

/**
 * An open L2CAP channel: each packet behind its length, on a stream. Android reads and writes it only by waiting, so two threads of its
 * own do that; everything else happens on the radio's. Whoever sends more than is taken in is not read from.
 */
internal class Channel(private val pipe: Pipe, private val radio: Post, private val heard: Heard) : Link {
    /** What a channel tells. */
    interface Heard {
        fun packet(bytes: ByteArray)
        /** It is gone: closed, broken, or the other side sent what is none. Told once. */
        fun down()
    }

    override val mtu: UShort = Gatt.MOST_MTU.toUShort()
    override val isChannel get() = true

    private val queue = PacketQueue(::write, ::leave)
    private val writing = Executors.newSingleThreadExecutor { thread(start = false, isDaemon = true, name = "hazel-writing", block = it::run) }
    private val takenIn = Semaphore(0)
    private var begun = ByteArray(0)
    private var gone = false

    /** From now on packets are told. */
    fun begin() {
        thread(isDaemon = true, name = "hazel-reading", block = ::read)
    }

    override fun send(packet: ByteArray) = queue.send(packet)

    override fun close() = queue.closeWhenEmpty()

    override fun leave() {
        if (gone) return
        gone = true
        writing.shutdown()
        pipe.close()
        takenIn.release()
        heard.down()
    }

    private fun read() {
        val room = ByteArray(ROOM)
        try {
            while (true) {
                val length = pipe.input.read(room)
                if (length < 0) break
                val bytes = room.copyOf(length)
                radio.post { arrived(bytes) }
                takenIn.acquire()
            }
        } catch (_: IOException) {
            // Broken, or closed by us.
        }
        radio.post(::leave)
    }

    private fun arrived(bytes: ByteArray) {
        if (gone) return
        try {
            val brought = brought(begun + bytes)
            begun = brought.begun
            for (packet in brought.packets) if (!gone) heard.packet(packet)
        } catch (_: HazelException) {
            leave()
        }
        takenIn.release()
    }

    private fun write(packet: ByteArray): Boolean {
        if (gone) return false
        writing.execute {
            try {
                pipe.output.write(framed(packet))
                radio.post(queue::taken)
            } catch (_: IOException) {
                radio.post(::leave)
            } catch (_: HazelException) {
                radio.post(::leave)
            }
        }
        return true
    }

    private companion object {
        const val ROOM = 4_096
    }
}

/** Opens a channel, or says that there is none: after [PATIENCE] at the latest, and once. */
internal fun openChannel(pipe: Pipe, radio: Post, done: (Pipe?) -> Unit) {
    var decided = false
    fun decide(opened: Boolean) {
        if (decided) return
        decided = true
        if (!opened) pipe.close()
        done(pipe.takeIf { opened })
    }
    thread(isDaemon = true, name = "hazel-opening") {
        val opened = try {
            pipe.open()
            true
        } catch (_: IOException) {
            false
        } catch (_: SecurityException) {
            // A permission was taken back meanwhile.
            false
        }
        radio.post { decide(opened) }
    }
    radio.after(PATIENCE) { decide(false) }
}

/** Where others open channels: at most [MOST] at a time, so that a crowd of strangers costs no more threads than that. */
internal class Entrance(private val accept: () -> Pipe, private val radio: Post, private val come: (Entrance, Pipe) -> Channel) {
    private var inside = 0

    /** Lets others in until [accept] throws, which it does when it is closed. */
    fun begin() {
        thread(isDaemon = true, name = "hazel-entrance") {
            try {
                while (true) accept().let { pipe -> radio.post { if (inside < MOST) enter(pipe) else pipe.close() } }
            } catch (_: IOException) {
                // Closed, or the radio was switched off.
            }
        }
    }

    /** Somebody has left. */
    fun left() {
        inside--
    }

    private fun enter(pipe: Pipe) {
        inside++
        come(this, pipe).begin()
    }

    companion object {
        const val MOST = 8
    }
}

/** A channel opens at once or not at all. */
internal const val PATIENCE = 4_000L
