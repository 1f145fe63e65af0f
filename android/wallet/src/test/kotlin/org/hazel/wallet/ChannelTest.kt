package org.hazel.wallet

import java.io.IOException
import java.io.OutputStream
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ScheduledExecutorService
import java.util.concurrent.TimeUnit
import org.hazel.bridge.Clock
import org.hazel.bridge.Ending
import org.hazel.bridge.HazelException
import org.hazel.bridge.Notice
import org.hazel.bridge.Payment
import org.hazel.bridge.Sight
import org.hazel.bridge.Wallet
import org.hazel.bridge.brought
import org.hazel.bridge.framed
import org.hazel.bridge.information
import org.hazel.bridge.readInformation
import org.hazel.lab.SimulatedPair
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** L2CAP channels, played by sockets of this machine: what ships, but for Android's own socket. */
class ChannelTest {
    @TempDir
    lateinit var folder: Path
    private val air = Executors.newSingleThreadScheduledExecutor()

    @AfterEach
    fun silence() {
        air.shutdownNow()
    }

    /**
     * Two phones with a payment of 2.50 between them; who is seen again and again, as by a radio that scans. Their clock stands: whose turn
     * it is to call changes every twenty seconds, and who counts calls must not run into that.
     */
    private inner class Scene(seed: ULong, prepare: (Channelled) -> Unit) {
        /** What was called over, in order. */
        val roads = CopyOnWriteArrayList<String>()
        val phones = paid(seed).map { Channelled(it, air, roads) }

        init {
            val (left, right) = phones
            left.other = right
            right.other = left
            phones.forEach(prepare)
            air.scheduleAtFixedRate({ for (phone in phones) look(phone) }, 0, 100, TimeUnit.MILLISECONDS)
        }

        private fun paid(seed: ULong): List<Wallet> {
            val pair = SimulatedPair.fresh(folder.toString(), seed)
            pair.left().pay(opened(pair, pair.left(), pair.right()), Payment(units = 2_500))
            pair.left().shut()
            pair.right().shut()
            val moment = (System.currentTimeMillis() / 1_000).toULong()
            val clock = object : Clock { override fun now() = moment }
            return listOf("ana", "ben").map { Wallet.open(folder.resolve("$it.hazel").toString(), LabKeys, clock) }
        }

        private fun look(phone: Channelled) {
            runCatching { phone.nearby.seen("other", Sight.Whole(phone.other.wallet.beacons().single().tag.bytes), now()) }
        }

        fun becomesFinal() {
            val until = System.nanoTime() + 40_000_000_000
            while (phones[1].wallet.home().position.finalNet != 2_500L && System.nanoTime() < until) Thread.sleep(20)
            assertEquals(2_500, phones[1].wallet.home().position.finalNet, "$roads")
            assertEquals(emptyList<String>(), phones[1].wallet.audit().run().findings)
        }

        fun closing() = phones.mapNotNull { it.hears<Notice.Over>()?.report?.ending }
    }

    @Test
    fun `two phones with channels meet over one`() {
        val scene = Scene(31uL) {}
        scene.becomesFinal()
        assertEquals(listOf<Ending>(Ending.InSync, Ending.InSync), scene.closing())
        assertEquals(listOf("channel"), scene.roads)
    }

    @Test
    fun `a partner without a channel is met over the service, from either side`() {
        val scene = Scene(32uL) { it.number = 0u }
        scene.becomesFinal()
        assertEquals(listOf("service"), scene.roads)
    }

    @Test
    fun `a channel that is refused is not asked for again, and the meeting goes over the service`() {
        val scene = Scene(33uL) { it.pipe = { _ -> Plain { throw IOException("refused") } } }
        scene.becomesFinal()
        assertEquals(listOf("service"), scene.roads)
        // Only the one that was refused remembers it, and only of whom.
        val remembering = scene.phones.count { it.nearby.channel("other", 0x80u) == null }
        assertEquals(1, remembering)
        for (phone in scene.phones) assertEquals(0x80u.toUShort(), phone.nearby.channel("somebody else", 0x80u))
    }

    @Test
    fun `a channel that does not open in time is given up, and does not come back later`() {
        val slow = LinkedBlockingQueue<Plain>()
        val closed = CountDownLatch(1)
        val scene = Scene(34uL) { phone ->
            phone.pipe = { address ->
                Plain {
                    closed.await()
                    Socket(InetAddress.getLoopbackAddress(), address)
                }.also { it.whenClosed = closed::countDown }.also(slow::add)
            }
        }
        scene.becomesFinal()
        assertEquals(listOf("service"), scene.roads)
        assertTrue(slow.isNotEmpty() && slow.all { it.isClosed })
    }

    @Test
    fun `a channel that breaks in the middle leads back to the service, and nothing is lost`() {
        val scene = Scene(35uL) { phone -> phone.pipe = { address -> Plain(breaksAfter = 1) { Socket(InetAddress.getLoopbackAddress(), address) } } }
        scene.becomesFinal()
        assertEquals(listOf("channel", "service"), scene.roads)
    }

    @Test
    fun `a partner that sends nonsense over it is hung up on and met over the service`() {
        val scene = Scene(36uL) { phone -> phone.pipe = { address -> Plain(nonsenseAfter = 2) { Socket(InetAddress.getLoopbackAddress(), address) } } }
        scene.becomesFinal()
        assertEquals(listOf("channel", "service"), scene.roads)
    }

    @Test
    fun `packets keep their borders wherever a stream is cut`() {
        val stream = framed(byteArrayOf(1)) + framed(ByteArray(500) { 2 }) + framed(byteArrayOf())
        val packets = mutableListOf<Int>()
        var begun = ByteArray(0)
        for (piece in stream.toList().chunked(7)) {
            val it = brought(begun + piece.toByteArray())
            packets += it.packets.map(ByteArray::size)
            begun = it.begun
        }
        assertEquals(listOf(1, 500, 0), packets)
        assertEquals(0, begun.size)
        assertEquals("bad_peer", assertThrows(HazelException::class.java) { brought(byteArrayOf(-1, -1)) }.code)
        assertEquals("bad_peer", assertThrows(HazelException::class.java) { framed(ByteArray(515)) }.code)
    }

    @Test
    fun `a crowd gets no more threads than there are places, and a place is free again`() {
        val (comes, inside) = LinkedBlockingQueue<Plain>() to CopyOnWriteArrayList<Channel>()
        val entrance = Entrance(comes::take, direct) { entrance, pipe ->
            Channel(pipe, direct, Silent { entrance.left() }).also(inside::add)
        }
        entrance.begin()
        fun comes(): Plain = Plain { quietSocket() }.also { it.open() }.also(comes::add)
        fun waitFor(what: () -> Boolean): Boolean = (1..200).any { Thread.sleep(10); what() }
        repeat(Entrance.MOST) { comes() }
        assertTrue(waitFor { inside.size == Entrance.MOST })
        val tooMany = comes()
        assertTrue(waitFor { tooMany.isClosed })
        inside[0].leave()
        comes()
        assertTrue(waitFor { inside.size == Entrance.MOST + 1 })
        inside.forEach(Channel::leave)
    }

    @Test
    fun `whoever floods a channel is not read from faster than it is taken in`() {
        val held = LinkedBlockingQueue<() -> Unit>()
        val later = object : Post {
            override fun post(act: () -> Unit) { held.add(act) }
            override fun after(milliseconds: Long, act: () -> Unit) = Unit
        }
        val (ours, theirs) = sockets()
        val packets = mutableListOf<Int>()
        val channel = Channel(Plain { ours }.also { it.open() }, later, Silent(packets::add) {})
        channel.begin()
        repeat(20) { theirs.getOutputStream().write(framed(ByteArray(500))) }
        held.take()()
        held.poll(5, TimeUnit.SECONDS)!!()
        Thread.sleep(200)
        assertTrue(held.size <= 1, "${held.size} waiting")
        assertTrue(packets.isNotEmpty() && packets.all { it == 500 })
        channel.leave()
        assertFalse(theirs.isInputShutdown)
        theirs.close()
    }

    private val direct = object : Post {
        override fun post(act: () -> Unit) { if (!air.isShutdown) air.execute(act) }
        override fun after(milliseconds: Long, act: () -> Unit) { air.schedule(act, milliseconds, TimeUnit.MILLISECONDS) }
    }
}

private class Silent(private val packet: (Int) -> Unit = {}, private val whenDown: () -> Unit) : Channel.Heard {
    override fun packet(bytes: ByteArray) = packet(bytes.size)
    override fun down() = whenDown()
}

private fun sockets(): Pair<Socket, Socket> = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { server ->
    Socket(server.inetAddress, server.localPort) to server.accept()
}

/** Whose other end says nothing. */
private fun quietSocket(): Socket = sockets().first

/** A pipe over a socket; what goes wrong is what the test says. Counts what is written: packets, since each is one writing. */
private class Plain(
    private val breaksAfter: Int = Int.MAX_VALUE,
    private val nonsenseAfter: Int = Int.MAX_VALUE,
    private val find: () -> Socket,
) : Pipe {
    @Volatile
    private var socket: Socket? = null
    private var written = 0
    var whenClosed: () -> Unit = {}

    @Volatile
    var isClosed = false
        private set

    override fun open() { socket = find() }
    override val input get() = socket!!.getInputStream()
    override val output = object : OutputStream() {
        override fun write(byte: Int) = error("a packet is written whole")
        override fun write(bytes: ByteArray) {
            if (written++ >= breaksAfter) {
                socket!!.close()
                throw IOException("broken")
            }
            socket!!.getOutputStream().write(if (written > nonsenseAfter) byteArrayOf(-1, -1, 7) else bytes)
        }
    }

    override fun close() {
        isClosed = true
        whenClosed()
        socket?.close()
    }
}

/** A radio that has channels besides: sockets of this machine play them. */
private class Channelled(wallet: Wallet, air: ScheduledExecutorService, private val roads: MutableList<String>) : Near(wallet, air) {
    /** What it tells of its channel; zero for none. */
    var number: UShort = 0x80u
    /** A channel to the other one, who listens on this port. */
    var pipe: (Int) -> Plain = { port -> Plain { Socket(InetAddress.getLoopbackAddress(), port) } }

    private val door = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val open = ConcurrentHashMap<ULong, Channel>()

    /** Time goes twenty times as fast, for whoever waits. */
    private val radio = object : Post {
        override fun post(act: () -> Unit) = later(0, act)
        override fun after(milliseconds: Long, act: () -> Unit) = later(milliseconds / 20, act)
    }

    init {
        Entrance({ door.accept().let { socket -> Plain { socket }.also { it.open() } } }, radio) { entrance, pipe ->
            rise(pipe, "caller", dialing = false) { entrance.left() }
        }.begin()
    }

    private fun rise(pipe: Pipe, peer: String, dialing: Boolean, left: () -> Unit): Channel {
        val link = newLink()
        val channel = Channel(pipe, radio, object : Channel.Heard {
            override fun packet(bytes: ByteArray) = nearby.packet(link, bytes, 517u, now())
            override fun down() {
                open.remove(link)
                left()
                nearby.linkDown(link, now())
            }
        })
        open[link] = channel
        nearby.channelUp(link, peer, dialing, now())
        return channel
    }

    override fun connect(peer: String) = later(1) {
        val told = readInformation(information(emptyList(), (other as Channelled).number))
        val number = nearby.channel(peer, told!!.channel)
        if (number == null) serve(peer) else openChannel(pipe((other as Channelled).door.localPort), radio) { opened ->
            if (opened == null) {
                nearby.noChannel(peer)
                serve(peer)
            } else {
                roads.add("channel")
                rise(opened, peer, dialing = true) {}.begin()
            }
        }
    }

    private fun serve(peer: String) {
        roads.add("service")
        super.connect(peer)
    }

    override fun send(link: ULong, packet: ByteArray) {
        if (open.containsKey(link)) later(0) { open[link]?.send(packet) } else super.send(link, packet)
    }

    override fun hangUp(link: ULong) {
        if (open.containsKey(link)) later(0) { open[link]?.close() } else super.hangUp(link)
    }
}
