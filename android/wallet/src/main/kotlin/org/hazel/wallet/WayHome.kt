package org.hazel.wallet

import java.io.IOException
import java.net.InetSocketAddress
import java.net.Socket
import java.net.SocketTimeoutException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.concurrent.thread
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import org.hazel.bridge.Homeward
import org.hazel.bridge.SiteLink
import org.hazel.bridge.Tidings
import org.hazel.bridge.Trouble
import org.hazel.bridge.Uplink
import org.hazel.bridge.Wallet

/** How a way home went. */
data class Homecoming(
    /** What was taken in, in order. */
    val news: List<Tidings>,
    /** What the site did not let in, by the names of why. */
    val declined: List<String>,
    /** Tallies with something that is not final yet. */
    val pending: ULong,
    /** Why it ended early; none if it came to its end. */
    val trouble: Trouble?,
)

/**
 * The way to the site that speaks for a wallet, over a socket of its own. It ends within the time it is given, whatever the network does, and
 * at once when it is cancelled; what was not confirmed is told again the next time. An app that uses it declares the permission for the
 * network itself.
 */
class WayHome(private val wallet: Wallet, within: Long = WITHIN) {
    /** Milliseconds, at most an hour. */
    private val within = within.coerceIn(1, HOUR)

    /**
     * First contact, by a ticket of whoever runs the site. The ticket is good once: [keep] is handed the link as soon as the site has let
     * this device in, whatever comes after, and not on the main thread.
     */
    suspend fun first(ticket: String, keep: (SiteLink) -> Unit): Homecoming = go(keep) { wallet.firstUplink(ticket, now(), within.toULong()) }

    /** Over a link that was kept. */
    suspend fun again(link: SiteLink): Homecoming = go({}) { wallet.uplink(link, now(), within.toULong()) }

    private suspend fun go(keep: (SiteLink) -> Unit, begin: () -> Uplink): Homecoming = coroutineScope {
        Socket().use { socket ->
            // A socket that waits does not hear that it is cancelled, and one that writes has no time of its own. Closed, it hears.
            val closing = launch(Dispatchers.IO, CoroutineStart.UNDISPATCHED) { try { delay(within + GRACE) } finally { socket.close() } }
            runInterruptible(Dispatchers.IO) { begin().use { Journey(it, socket, keep).run() } }.also { closing.cancel() }
        }
    }

    private inner class Journey(private val uplink: Uplink, private val socket: Socket, private val keep: (SiteLink) -> Unit) {
        private val until = now().toLong() + within
        private val news = mutableListOf<Tidings>()
        private val declined = mutableListOf<String>()
        private var wake = 0uL
        private var end: Homeward.Ended? = null
        private var isKeeping = false

        fun run(): Homecoming {
            val link = uplink.link()
            try {
                val place = place(link)
                socket.connect(place, (until - now().toLong()).coerceIn(1, CONNECT).toInt())
                socket.tcpNoDelay = true
                carryOut(uplink.connected(now()))
                val buffer = ByteArray(BUFFER)
                while (end == null) {
                    when (val size = read(buffer)) {
                        null -> carryOut(uplink.tick(now()))
                        -1 -> carryOut(uplink.gone(now()))
                        else -> carryOut(uplink.bytes(buffer.copyOf(size), now()))
                    }
                }
            } catch (broken: IOException) {
                if (isKeeping) throw broken
                // The stream broke, or none came to be: the wallet says what that means.
                if (end == null) carryOut(uplink.gone(now()))
            }
            val ended = end
            return Homecoming(news, declined, ended?.pending ?: 0uL, ended?.trouble)
        }

        /** Asks the system where the site is. That can neither be given a time nor be stopped: it has a thread of its own, which is left behind. */
        private fun place(link: SiteLink): InetSocketAddress {
            val asked = FutureTask { InetSocketAddress(link.host, link.port.toInt()) }
            thread(isDaemon = true, name = "hazel-lookup") { asked.run() }
            return try {
                asked.get(minOf(within, CONNECT), TimeUnit.MILLISECONDS)
            } catch (_: TimeoutException) {
                throw IOException("nobody says where the site is")
            }
        }

        /** What came before the wallet wants to be woken: nothing, or so many bytes, or the stream's end. */
        private fun read(buffer: ByteArray): Int? {
            socket.soTimeout = (wake.toLong() - now().toLong()).coerceIn(1, within).toInt()
            return try {
                socket.getInputStream().read(buffer)
            } catch (_: SocketTimeoutException) {
                null
            }
        }

        private fun carryOut(acts: List<Homeward>) {
            for (act in acts) when (act) {
                is Homeward.Write -> if (socket.isConnected) socket.getOutputStream().write(act.bytes)
                is Homeward.News -> news.add(act.tidings)
                is Homeward.Declined -> declined.add(act.code)
                is Homeward.WakeAt -> wake = act.at
                is Homeward.Ended -> end = act
                Homeward.Opened -> {
                    isKeeping = true
                    keep(uplink.link())
                    isKeeping = false
                }
            }
        }
    }

    private fun now(): ULong = (System.nanoTime() / 1_000_000).toULong()

    private companion object {
        const val WITHIN = 20_000L
        const val HOUR = 3_600_000L
        const val CONNECT = 10_000L
        const val GRACE = 1_000L
        const val BUFFER = 4_096
    }
}
