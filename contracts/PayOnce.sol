// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPayOnce} from "./IPayOnce.sol";

/// @title PayOnce
/// @notice See {IPayOnce}. The admin is the owner of OpenZeppelin's `Ownable2Step`: it names and revokes operators and
/// can do nothing else; in particular it moves no money.
/// @dev Immutable: no proxy, no pause, no way to reopen a slot.
contract PayOnce is IPayOnce, Ownable2Step, ReentrancyGuardTransient {
    struct Slot {
        bool paid;
        uint32 floor;
    }

    /// @inheritdoc IPayOnce
    /// @dev Capped, so that a token that burns its gas leaves enough for its neighbours. About eight times what USDC
    /// takes to credit a fresh address: room for a chain that makes state dearer.
    uint256 public constant TRANSFER_GAS = 500_000;

    /// @dev A caller with this much left is sure to pass on all of TRANSFER_GAS: the 63/64 rule (EIP-150), and 10,000 for
    /// what is done between the measurement and the call.
    uint256 private constant FULL_GAS = (TRANSFER_GAS * 64) / 63 + 10_000;

    uint256 private constant MAX_REASON_BYTES = 256;

    /// @inheritdoc IPayOnce
    mapping(address account => bool) public operators;

    /// @inheritdoc IPayOnce
    mapping(bytes32 id => Slot) public slots;

    modifier onlyOperator() {
        if (!operators[msg.sender]) revert NotOperator(msg.sender);
        _;
    }

    /// @param admin Names and revokes operators.
    /// @param firstOperators Named at once.
    constructor(address admin, address[] memory firstOperators) Ownable(admin) {
        for (uint256 i = 0; i < firstOperators.length; ++i) _nameOperator(firstOperators[i]);
    }

    /// @inheritdoc IPayOnce
    function pay(Payment[] calldata payments) external onlyOperator nonReentrant {
        for (uint256 i = 0; i < payments.length; ++i) _pay(payments[i]);
    }

    /// @inheritdoc IPayOnce
    function void(Ref[] calldata refs) external onlyOperator nonReentrant {
        for (uint256 i = 0; i < refs.length; ++i) _void(refs[i].id, refs[i].generation);
    }

    /// @inheritdoc IPayOnce
    function nameOperator(address operator) external onlyOwner {
        _nameOperator(operator);
    }

    /// @inheritdoc IPayOnce
    function revokeOperator(address operator) external onlyOwner {
        operators[operator] = false;
        emit OperatorRevoked(operator);
    }

    /// @notice Refused: see {AdminRequired}.
    function renounceOwnership() public view override onlyOwner {
        revert AdminRequired();
    }

    function _nameOperator(address operator) private {
        operators[operator] = true;
        emit OperatorNamed(operator);
    }

    function _pay(Payment calldata item) private {
        (bytes32 id, uint32 generation) = (item.id, item.generation);
        Slot memory slot = slots[id];
        if (_skipped(id, generation, slot)) return;
        if (_nothingToPay(item)) {
            emit Refused(id, generation, abi.encodeWithSelector(NothingToPay.selector));
            return;
        }
        // Marked before the token is called, so that whatever the token does meets a paid slot.
        slots[id] = Slot(true, slot.floor);
        uint256 gasBefore = gasleft();
        if (_transferFrom(item.token, item.payer, item.to, item.amount)) {
            emit Paid(id, generation, item.payer, item.to, item.token, item.amount);
            return;
        }
        bytes memory reason = _reason(item.token);
        if (gasBefore < FULL_GAS) revert Starved(id);
        slots[id] = slot;
        emit Refused(id, generation, reason);
    }

    function _void(bytes32 id, uint32 generation) private {
        if (_skipped(id, generation, slots[id])) return;
        // The last generation is never paid (see _nothingToPay), so a floor on it closes it as well.
        slots[id].floor = generation == type(uint32).max ? generation : generation + 1;
        emit Voided(id, generation);
    }

    function _skipped(bytes32 id, uint32 generation, Slot memory slot) private returns (bool closed) {
        closed = slot.paid || generation < slot.floor;
        if (closed) emit Skipped(id, generation, slot.paid, slot.floor);
    }

    function _nothingToPay(Payment calldata item) private view returns (bool) {
        return
            item.amount == 0 ||
            item.to == item.payer ||
            item.to == address(this) ||
            item.generation == type(uint32).max;
    }

    /// @dev OpenZeppelin's `trySafeTransferFrom` with a cap on the gas, which it does not offer: true if the token answered
    /// true, or answered nothing and is a contract. Nothing of the answer is copied beyond its first word.
    function _transferFrom(address token, address from, address to, uint256 amount) private returns (bool moved) {
        uint256 cap = TRANSFER_GAS;
        bytes4 selector = IERC20.transferFrom.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 0x04), from)
            mstore(add(data, 0x24), to)
            mstore(add(data, 0x44), amount)
            moved := call(cap, token, 0, data, 0x64, 0x00, 0x20)
            switch returndatasize()
            case 0 {
                if moved {
                    moved := gt(extcodesize(token), 0)
                }
            }
            default {
                moved := and(moved, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1)))
            }
        }
    }

    /// @dev What the last call returned, cut, so that a long answer cannot eat the gas of its neighbours.
    function _reason(address token) private view returns (bytes memory reason) {
        if (token.code.length == 0) return abi.encodeWithSelector(TokenHasNoCode.selector, token);
        uint256 cap = MAX_REASON_BYTES;
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, cap) {
                size := cap
            }
            reason := mload(0x40)
            mstore(reason, size)
            returndatacopy(add(reason, 0x20), 0, size)
            mstore(0x40, add(reason, add(0x20, and(add(size, 0x1f), not(0x1f)))))
        }
    }
}
