package org.hazel.wallet

import java.io.IOException
import java.net.InetSocketAddress
import java.net.Socket
import java.net.SocketTimeoutException
import kotlinx.coroutines.Dispatchers
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
    /** The link to keep, if the site has let this device in. */
    val link: SiteLink?,
)

/**
 * The way to the site that speaks for a wallet, over a socket of its own. It ends within the time it is given, whatever the network does;
 * what was not confirmed is told again the next time. An app that uses it declares the permission for the network itself.
 */
class WayHome(private val wallet: Wallet, private val within: Long = WITHIN) {
    /** First contact, by a ticket of whoever runs the site. */
    suspend fun first(ticket: String): Homecoming = go { wallet.firstUplink(ticket, now(), within.toULong()) }

    /** Over a link that was kept. */
    suspend fun again(link: SiteLink): Homecoming = go { wallet.uplink(link, now(), within.toULong()) }

    private suspend fun go(begin: () -> Uplink): Homecoming = runInterruptible(Dispatchers.IO) {
        begin().use { uplink -> Socket().use { socket -> Journey(uplink, socket).run() } }
    }

    private inner class Journey(private val uplink: Uplink, private val socket: Socket) {
        private val news = mutableListOf<Tidings>()
        private val declined = mutableListOf<String>()
        private var opened = false
        private var wake = 0uL
        private var end: Homeward.Ended? = null

        fun run(): Homecoming {
            val link = uplink.link()
            try {
                socket.connect(InetSocketAddress(link.host, link.port.toInt()), CONNECT)
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
            } catch (_: IOException) {
                // The stream broke, or none came to be: the wallet says what that means.
                if (end == null) carryOut(uplink.gone(now()))
            }
            val ended = end
            return Homecoming(news, declined, ended?.pending ?: 0uL, ended?.trouble, link.takeIf { opened })
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
                Homeward.Opened -> opened = true
            }
        }
    }

    private fun now(): ULong = (System.nanoTime() / 1_000_000).toULong()

    private companion object {
        const val WITHIN = 20_000L
        const val CONNECT = 10_000
        const val BUFFER = 4_096
    }
}
