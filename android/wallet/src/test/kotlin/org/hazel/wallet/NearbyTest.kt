package org.hazel.wallet

import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.hazel.bridge.Ending
import org.hazel.bridge.Listener
import org.hazel.bridge.Nearby
import org.hazel.bridge.Notice
import org.hazel.bridge.Payment
import org.hazel.bridge.Radio
import org.hazel.bridge.Wallet
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Two wallets find each other by their tags over a radio of this file's, on threads, by the wall clock. */
class NearbyTest {
    @TempDir
    lateinit var folder: Path
    private val air = Executors.newSingleThreadScheduledExecutor()

    @AfterEach
    fun silence() {
        air.shutdownNow()
    }

    private fun now(): ULong = (System.nanoTime() / 1_000_000).toULong()

    /** A radio whose every packet takes a millisecond. The peer of each is the other one. */
    private inner class Near(wallet: Wallet) : Radio {
        val nearby = Nearby(wallet, this)
        val over = LinkedBlockingQueue<Notice.Over>()
        lateinit var other: Near
        var sent = 0
        var throwsOn = -1

        init {
            wallet.listen(object : Listener {
                override fun changed(notice: Notice) { if (notice is Notice.Over) over.add(notice) }
            })
        }

        override fun connect(peer: String) = later {
            other.nearby.linkUp(1uL, "caller", 185u, false, now())
            nearby.linkUp(1uL, peer, 185u, true, now())
        }

        override fun send(link: ULong, packet: ByteArray) {
            if (sent++ == throwsOn) error("the radio's own mistake")
            later { other.nearby.packet(link, packet, 185u, now()) }
        }

        override fun hangUp(link: ULong) = later {
            nearby.linkDown(link, now())
            other.nearby.linkDown(link, now())
        }

        override fun wakeAt(at: ULong) {
            air.schedule({ runCatching { nearby.tick(now()) } }, (at - minOf(at, now())).toLong(), TimeUnit.MILLISECONDS)
        }

        private fun later(act: () -> Unit) {
            air.schedule({ act() }, 1, TimeUnit.MILLISECONDS)
        }
    }

    private fun near(pair: SimulatedPair): Pair<Near, Near> {
        val (left, right) = Near(pair.left()) to Near(pair.right())
        left.other = right
        right.other = left
        return left to right
    }

    @Test
    fun `whoever's turn it is calls, both end in sync, and are then left in peace`() {
        val pair = SimulatedPair.fresh(folder.toString(), 11uL)
        val tally = opened(pair, pair.left(), pair.right())
        pair.left().pay(tally, Payment(units = 2_500))
        val (left, right) = near(pair)
        // A packet that the radio loses by throwing is said again.
        left.throwsOn = 2
        val tagOf = { wallet: Wallet -> wallet.beacons().single().tag }
        val seenRight = left.nearby.seen("right", tagOf(pair.right()), now())
        val seenLeft = right.nearby.seen("left", tagOf(pair.left()), now())
        assertEquals(listOf(tally, tally), listOf(seenRight, seenLeft))
        for (phone in listOf(left, right)) {
            val report = phone.over.poll(20, TimeUnit.SECONDS)?.report
            assertEquals(Ending.InSync, report?.ending, "$report")
        }
        assertEquals(2_500, pair.right().home().position.finalNet)
        left.nearby.seen("right", tagOf(pair.right()), now())
        right.nearby.seen("left", tagOf(pair.left()), now())
        assertNull(left.over.poll(300, TimeUnit.MILLISECONDS))
    }

    @Test
    fun `a stranger's tag and a stranger's packet lead nowhere`() {
        val pair = SimulatedPair.fresh(folder.toString(), 12uL)
        opened(pair, pair.left(), pair.right())
        val (left, _) = near(pair)
        assertNull(left.nearby.seen("stranger", ByteArray(8) { 7 }, now()))
        assertNull(left.nearby.seen("stranger", ByteArray(3), now()))
        left.nearby.linkUp(5uL, "stranger", 23u, false, now())
        left.nearby.packet(5uL, ByteArray(20) { it.toByte() }, 23u, now())
        left.nearby.packet(6uL, ByteArray(20), 23u, now())
        left.nearby.stop(now())
        assertEquals("meeting_over", runCatching { left.nearby.tick(now()) }.exceptionOrNull().let { (it as org.hazel.bridge.HazelException).code })
    }

    @Test
    fun `a screen follows every change`() = runBlocking {
        val pair = SimulatedPair.fresh(folder.toString(), 13uL)
        val tally = opened(pair, pair.left(), pair.right())
        val wallet = HazelWallet(pair.left())
        withTimeout(20.seconds) {
            val paying = launch {
                wallet.home().first { it.position.net == 0L }
                wallet.run { pay(tally, Payment(units = 700)) }
            }
            assertEquals(-700, wallet.home().first { it.position.net != 0L }.position.net)
            assertEquals(1, wallet.tally(tally).first { it.chits.any { chit -> chit.units == -700L } }.chits.count { it.units == -700L })
            paying.join()
        }
        wallet.close()
    }
}
